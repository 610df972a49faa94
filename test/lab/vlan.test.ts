import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, onSite } from '../support/lab-site.ts';
import { needs } from '../support/needs.ts';
import { OTHER_RELEASES, otherIpxe } from '../support/other-ipxe.ts';

// A router in the untagged network names us for the boot program (or we are the DHCP server there, too), which brings the start script;
// all else is in VLAN 7, where this server has another address, that nothing routes to, and is the DHCP server. Debian 12's iPXE has no
// `vcreate`.
const NODES = [{ name: 'tagged', mac: '52:54:00:55:1c:ee' }];
const ENV = {
  PILOTLIGHT_VLAN: '7',
  PILOTLIGHT_BASE_URL: 'http://192.168.7.10:4777',
  PILOTLIGHT_HTTP_LISTEN: '0.0.0.0:4777',
  PILOTLIGHT_DHCP: 'server',
};

const { lab, payload } = await labEquipment({
  commands: ['ip', 'ss', 'dnsmasq', 'apt-get', 'python3'],
  files: [OVMF, '/dev/net/tun'],
  root: true,
});
const newer = lab.missing.length === 0 ? await otherIpxe(OTHER_RELEASES[0]) : { reason: '' };
const room = 'reason' in newer && newer.reason !== '' ? needs({ missing: [newer.reason] }) : lab;

const listening = (netns: string): string =>
  execFileSync('ip', ['netns', 'exec', netns, 'ss', '-ulnH'], { encoding: 'utf8' });

const TAGGED = '192.168.7.100-192.168.7.120';

interface Untagged {
  readonly range: string;
  readonly router: readonly string[];
}

const UNTAGGED: Readonly<Record<string, Untagged>> = {
  'of a router': { range: TAGGED, router: ['libvirt', '192.168.122.10', 'snponly.efi'] },
  // iPXE asks in both by one number: what is heard in the wrong one would count.
  'that is ours, too,': { range: `192.168.122.100-192.168.122.120,${TAGGED}`, router: ['ra'] },
};

for (const [name, { range, router }] of Object.entries(UNTAGGED)) {
  room.test(`UEFI: from an untagged network ${name} into a VLAN, from iPXE to the document of its Linux`, async () => {
    const programs = mkdtempSync(join(tmpdir(), 'pilotlight-vlan-'));
    copyFileSync(join('folder' in newer ? newer.folder : '', 'snponly.efi'), join(programs, 'snponly.efi'));
    const env = { ...ENV, PILOTLIGHT_DHCP_RANGE: range };
    const options = { name: 'vlan', payload, nodes: NODES, env, firmware: programs };
    await onSite({ ...options, profile: { console: ['ttyS0'] } }, async (site) => {
      site.lan.run('vlan', '7');
      site.lan.run('dhcp', ...router);
      while (!listening(site.lan.server).includes('192.168.7.10:67')) await wait(250);
      // The port in user space passes on frames as they are: the machine must not leave their checksums to its card.
      const how = { firmware: 'uefi', rom: 'none', qemu: ['-global', 'virtio-net-pci.csum=off'] } as const;
      const run = await boots(site, 0, { name: 'vlan', ...how }, ENV.PILOTLIGHT_BASE_URL);
      expect(run.text).toContain('E2E VLAN trunk.7');
      expect(run.text).toContain('dhcp_server=192.168.7.10');
      expect(run.cmdline).toContain('vlan=trunk.7:trunk ip=trunk.7:dhcp');
    });
    rmSync(programs, { recursive: true });
  });
}
