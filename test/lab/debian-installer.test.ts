import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { LogPage } from '../../src/model/machine-views.ts';
import { makeDataFolder } from '../support/lab-data.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { setUpLan } from '../support/lab-lan.ts';
import { bootMachine, type MachineOptions } from '../support/lab-machine.ts';
import { startServer } from '../support/lab-server.ts';
import { needs } from '../support/needs.ts';
import { OTHER_RELEASES, otherIpxe, otherPackages } from '../support/other-ipxe.ts';

// It loads its own parts, one after the other, in a machine without KVM.
vi.setConfig({ testTimeout: 1_800_000 });

const TOKEN = 'a-token-of-this-test-alone';
const MAC = '52:54:00:0d:1d:01';
const SERVER = '192.168.122.10';

const { lab } = await labEquipment({ commands: ['ip', 'dnsmasq', 'curl'], root: true });

interface Kind {
  readonly arch: 'amd64' | 'arm64';
  readonly machine: Pick<MachineOptions, 'firmware' | 'rom'>;
  readonly serial: string;
  /** What the firmware loads where its card has no iPXE: the files of a package, by their names in firmware/. */
  readonly programs?: readonly [from: () => Promise<Fetched>, files: Readonly<Record<string, string>>];
}

type Fetched = Awaited<ReturnType<typeof otherPackages>>;

const signed = async (): Promise<Fetched> =>
  await otherPackages('signed-trixie', 'trixie', 'amd64', 'shim-signed', 'grub-efi-amd64-signed');

const KINDS: Readonly<Record<string, Kind>> = {
  "BIOS, its card's own iPXE": { arch: 'amd64', machine: {}, serial: 'ttyS0' },
  'UEFI x86_64, Secure Boot': {
    arch: 'amd64',
    machine: { firmware: 'uefi-sb', rom: 'none' },
    serial: 'ttyS0',
    programs: [
      signed,
      {
        'shimx64.efi': 'usr/lib/shim/shimx64.efi.signed',
        'grubx64.efi': 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
      },
    ],
  },
  'UEFI arm64': {
    arch: 'arm64',
    machine: { firmware: 'uefi-arm64', rom: 'none' },
    serial: 'ttyAMA0',
    programs: [async () => await otherIpxe(OTHER_RELEASES[0]), { 'ipxe-arm64.efi': 'ipxe-arm64.efi' }],
  },
};

// What it does with late_command at its end is done at its beginning: the text is the one that Pilotlight made.
const PRESEED = `d-i debian-installer/locale string en_US.UTF-8
d-i keyboard-configuration/xkb-keymap select us
d-i netcfg/choose_interface select auto
d-i mirror/country string manual
d-i mirror/http/hostname string ${SERVER}
d-i mirror/http/directory string /debian
d-i mirror/http/proxy string
d-i preseed/early_command string echo "PRESEED {{node.name}} $(hostname)" > /dev/console; sh -c "$(debconf-get preseed/late_command)"; echo "REPORT $?" > /dev/console
`;

for (const [title, { arch, machine, serial, programs }] of Object.entries(KINDS)) {
  const parts =
    lab.missing.length > 0
      ? []
      : [
          await otherPackages(`installer-${arch}`, 'bookworm', 'amd64', `debian-installer-12-netboot-${arch}`),
          ...(programs === undefined ? [] : [await programs[0]()]),
        ];
  const missing = parts.flatMap((part) => ('reason' in part ? [part.reason] : []));
  const room = missing.length === 0 ? lab : needs({ missing });
  const [installer = '', from = ''] = parts.map((part) => ('folder' in part ? part.folder : ''));

  room.test(
    `Debian's installer (${title}): an address from us, its preseed by MAC, its report, and the question at which it waits`,
    async () => {
      using lan = setUpLan('di', 1);
      lan.run('dhcp', 'ra');
      await using data = await makeDataFolder({
        'configs/p.cfg.hbs': PRESEED,
        'profiles/d.json': {
          ...{
            secure_boot: machine.firmware === 'uefi-sb',
            system: 'debian',
            arch,
            version: '12.15',
            preseed: 'p.cfg.hbs',
            install: { disk: '/dev/vda' },
          },
          kernel_args: [`console=${serial}`, 'no_timer_check', 'DEBIAN_FRONTEND=text'],
          nodes: [{ name: 'di1', mac: MAC, ip: '192.168.122.77' }],
        },
      });
      const image = join(installer, 'usr/lib/debian-installer/images/12', arch, 'text/debian-installer', arch);
      const files = { kernel: join(image, 'linux'), initramfs: join(image, 'initrd.gz') };
      await data.publish(files, `debian/${arch}/12.15`, { kernel: 'linux', initramfs: 'initrd.gz' });
      mkdirSync(join(data.path, 'firmware'));
      for (const [name, file] of Object.entries(programs?.[1] ?? {})) {
        copyFileSync(join(from, file), join(data.path, 'firmware', name));
      }
      await using server = await startServer({
        dataDir: data.path,
        netns: { name: lan.server, address: SERVER, port: 4777 },
        env: {
          ...{ PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69', PILOTLIGHT_ADMIN_TOKEN: TOKEN, PILOTLIGHT_SYSLOG: '514' },
          ...{ PILOTLIGHT_DHCP: 'server', PILOTLIGHT_DHCP_RANGE: '192.168.122.100-192.168.122.120' },
        },
      });
      const run = await bootMachine({
        ...{
          ...machine,
          name: `debian-installer-${machine.firmware ?? 'bios'}`,
          mac: MAC,
          lan: { netns: lan.gateway, tap: 'tap0' },
        },
        // The mirror of its preseed does not answer.
        ...{ expect: 'Bad archive mirror', timeoutSeconds: 1500, qemu: ['-m', '900'] },
      });
      expect(run.text).toContain('PRESEED di1 di1');
      expect(run.text).toContain('REPORT 0');
      expect(run.text.includes('UEFI Secure Boot is enabled')).toBe(machine.firmware === 'uefi-sb');
      const mark: unknown = JSON.parse(
        readFileSync(join(data.path, 'state/machines', `${MAC.replaceAll(':', '-')}.json`), 'utf8'),
      );
      expect(mark).toMatchObject({ state: 'installed', tries: 1 });
      expect(server.log()).toMatch(/192\.168\.122\.77/);

      const ask = (path: string): string => {
        const header = `authorization: Bearer ${TOKEN}`;
        const url = `${server.url}/api/v1/machines/${MAC}${path}`;
        return execFileSync('ip', ['netns', 'exec', lan.server, 'curl', '-s', '-H', header, url], { encoding: 'utf8' });
      };
      const lines = (): LogPage['lines'] => (JSON.parse(ask('/log?limit=5000')) as LogPage).lines;
      await expect.poll(lines, { timeout: 60_000 }).toContainEqual(
        expect.objectContaining({
          program: 'main-menu',
          text: expect.stringContaining("'choose-mirror' selected") as string,
        }),
      );
      expect(ask('')).toMatch(/it logs, [\d,]+ lines; the last: /);
    },
  );
}
