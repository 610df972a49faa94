import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { MachineOptions } from '../support/lab-machine.ts';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, onSite, PLAIN_ROM, type Site, type SiteOptions } from '../support/lab-site.ts';
import { needs } from '../support/needs.ts';
import { OTHER_RELEASES, otherIpxe, otherPackages } from '../support/other-ipxe.ts';
import { buildArmPayload } from '../support/payload.ts';
import { keyOf, PAIRWISE, type Row, ROWS } from './boot-matrix-rows.ts';

// Two machines at a time (vitest.config.ts), each with a LAN and a server of its own. `npm run lab:all` boots every row, or
// those that are named by their places.
const [first = 1, last = ROWS.length] = process.env['PILOTLIGHT_LAB_ROWS']?.split('-').map(Number) ?? [];
const rows = process.env['PILOTLIGHT_LAB_ALL'] === '1' ? ROWS.slice(first - 1, last) : PAIRWISE;
if (rows.length === 0) throw new RangeError(`the table has rows 1-${ROWS.length}, not ${first}-${last}`);

const MAC = '52:54:00:55:1c:ee';
const UNPLUGGED = '52:54:00:00:10:5e';
const NODES = [{ name: 'a-coreos', mac: MAC }];
const MICROSOFT = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd';
const AAVMF = ['/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/AAVMF/AAVMF_VARS.ms.fd'];

const { lab, payload } = await labEquipment({
  commands: ['ip', 'dnsmasq', 'apt-get', 'apt-cache', 'qemu-system-aarch64'],
  files: [OVMF, MICROSOFT, ...AAVMF, '/usr/lib/ipxe/undionly.kpxe', '/dev/net/tun'],
  root: true,
});

type Fetched = { readonly folder: string } | { readonly reason: string };
const here = payload.kernel !== '';
const fetched = async (get: () => Promise<Fetched>): Promise<Fetched> => (here ? await get() : { reason: '' });
const [trixie, forky] = OTHER_RELEASES;
const parts = {
  '2025': await fetched(async () => await otherIpxe(trixie)),
  '2.0': await fetched(async () => await otherIpxe(forky)),
  grub: await fetched(async () => {
    return await otherPackages('signed-trixie', 'trixie', 'amd64', 'shim-signed', 'grub-efi-amd64-signed');
  }),
  grubArm64: await fetched(async () => {
    return await otherPackages('signed-arm64-trixie', 'trixie', 'arm64', 'shim-signed', 'grub-efi-arm64-signed');
  }),
  arm64: await fetched(async () => {
    return await otherPackages('arm64-bookworm', 'bookworm', 'arm64', 'linux-image-cloud-arm64', 'busybox-static');
  }),
} as const;
const reasons = Object.values(parts).flatMap((part) => ('reason' in part && part.reason !== '' ? [part.reason] : []));
const room = reasons.length === 0 ? lab : needs({ missing: reasons });
const arm64 = 'folder' in parts.arm64 ? await buildArmPayload(parts.arm64.folder) : payload;

describe.concurrent('from power-on to its own document', () => {
  for (const [i, row] of rows.entries()) {
    room.test(keyOf(row), async () => {
      const firmware = mkdtempSync(join(tmpdir(), 'pilotlight-matrix-'));
      try {
        await onSite({ name: `mx${i}`, ...siteOf(row, firmware) }, async (site) => {
          await bootRow(site, row);
        });
      } finally {
        rmSync(firmware, { recursive: true, force: true });
      }
    });
  }
});

async function bootRow(site: Site, row: Row): Promise<void> {
  const { dhcp, firmware, program } = row;
  if (dhcp === 'next-server') site.lan.run('dhcp', 'libvirt', '192.168.122.10', fileName(firmware));
  // Without an IPv6 router iPXE waits 13 s for one.
  else site.lan.run('dhcp', dhcp === 'own' ? 'ra' : 'plain');
  const run = await boots(site, 0, { name: `matrix-${keyOf(row).replaceAll(' ', '-')}`, ...machineOf(row) });
  expect(run.text).toContain(program === 'grub' ? 'UEFI Secure Boot is enabled' : `iPXE ${versionOf(program)}`);
  // What loads it is an iPXE of 2019 itself.
  if (row.firmware === 'bios')
    expect(run.text.split('undionly.kpxe... ok').at(1)).toContain(`iPXE ${versionOf(program)}`);
  // A router gives iPXE its own file name once more: the smart NBP ends the loop. Later builds ask for autoexec.ipxe first.
  if (dhcp === 'next-server' && program === '2019') expect(site.server.log()).toContain('which it already is');
  expect(run.text).toContain(`dhcp_server=192.168.122.${dhcp === 'own' ? '10' : '1'}`);
}

/** What the server of this row is like, and which boot programs it has: those of one package alone, but the host's own of 2019. */
function siteOf({ firmware, program, dhcp, cards }: Row, folder: string): Omit<SiteOptions, 'name'> {
  const isArm = firmware.endsWith('arm64');
  const part = program === '2019' ? undefined : parts[program === 'grub' && isArm ? 'grubArm64' : program];
  const from = part !== undefined && 'folder' in part ? part.folder : '';
  for (const [file, as = file] of programFiles(firmware, program)) copyFileSync(join(from, file), join(folder, as));
  return {
    payload: isArm ? arm64 : payload,
    nodes: NODES,
    env: {
      proxy: { PILOTLIGHT_DHCP: 'proxy' },
      own: { PILOTLIGHT_DHCP: 'server', PILOTLIGHT_DHCP_RANGE: '192.168.122.100-192.168.122.120' },
      'next-server': {},
    }[dhcp],
    ...(part === undefined ? {} : { firmware: folder }),
    profile: {
      console: [isArm ? 'ttyAMA0' : 'ttyS0'],
      ...(isArm ? { arch: 'arm64' } : {}),
      ...(program === 'grub' ? { secure_boot: true } : {}),
      kernel_args: [
        // A host that is busy is late with the ticks that a kernel counts, which panics then.
        ...(isArm ? [] : ['no_timer_check']),
        // The payload takes its first card, which here is the one without a cable.
        ...(cards === 2 ? [`BOOTIF=01-${MAC.replaceAll(':', '-')}`] : []),
      ],
    },
  };
}

function programFiles(firmware: Row['firmware'], program: Row['program']): readonly (readonly [string, string?])[] {
  if (program === '2019') return [];
  if (program === 'grub') {
    const [short, long] = firmware === 'secure-boot' ? ['x64', 'x86_64'] : ['aa64', 'arm64'];
    return [
      [`usr/lib/shim/shim${short}.efi.signed`, `shim${short}.efi`],
      [`usr/lib/grub/${long}-efi-signed/grubnet${short}.efi.signed`, `grub${short}.efi`],
    ];
  }
  return firmware === 'uefi-arm64' ? [['ipxe-arm64.efi']] : [['undionly.kpxe'], ['snponly.efi'], ['ipxe.efi']];
}

function machineOf({ firmware, way, cards }: Row): Omit<MachineOptions, 'name' | 'mac' | 'lan'> {
  const slow = { timeoutSeconds: 440 };
  const two = cards === 2 ? { unplugged: UNPLUGGED } : {};
  switch (firmware) {
    case 'bios':
      return { ...slow, ...PLAIN_ROM };
    case 'uefi-x64':
      return { ...slow, ...two, firmware: 'uefi', rom: 'none', netboot: way };
    case 'uefi-arm64':
      return { ...slow, firmware, rom: 'none', netboot: way };
    case 'secure-boot':
      return { ...slow, firmware: 'uefi-sb', rom: 'none', netboot: way };
    case 'secure-boot-arm64':
      return { ...slow, firmware: 'uefi-arm64-sb', rom: 'none', netboot: way };
  }
}

/** The one file name that a router with two fields gives to all. */
function fileName(firmware: Row['firmware']): string {
  return {
    bios: 'undionly.kpxe',
    'uefi-x64': 'snponly.efi',
    'uefi-arm64': 'snponly-arm64.efi',
    'secure-boot': 'shimx64.efi',
    'secure-boot-arm64': 'shimaa64.efi',
  }[firmware];
}

function versionOf(program: Row['program']): string {
  const part = program === '2025' || program === '2.0' ? parts[program] : undefined;
  return part !== undefined && 'folder' in part ? readFileSync(join(part.folder, 'VERSION'), 'utf8').trim() : '1.0.0';
}
