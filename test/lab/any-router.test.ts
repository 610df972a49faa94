import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, onSite as labSite, type LabNode, type Site } from '../support/lab-site.ts';

// From power-on to the node's own configuration with nothing but Pilotlight beside a DHCP server that none may change,
// or that can only be told one address and one file name.
const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'main.js');
// The router of the first tests knows their addresses; the one with our exported file gets them from it.
const NODES: readonly LabNode[] = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee' },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4' },
  { name: 'c-coreos', mac: '52:54:00:81:ac:aa' },
];
const NEW_NODES: readonly LabNode[] = [
  { name: 'new-bios', mac: '52:54:00:00:71:01', ip: '192.168.122.71' },
  { name: 'new-uefi', mac: '52:54:00:00:71:02', ip: '192.168.122.72' },
  { name: 'new-http', mac: '52:54:00:00:71:03', ip: '192.168.122.73' },
];
const IPXE = '/usr/lib/ipxe/ipxe.lkrn';

const { lab, payload } = await labEquipment({
  commands: ['ip', 'dnsmasq'],
  files: [OVMF, '/usr/lib/ipxe/undionly.kpxe', '/dev/net/tun'],
  root: true,
});

async function onSite(
  env: Readonly<Record<string, string>>,
  work: (site: Site) => Promise<void>,
  nodes: readonly LabNode[] = NODES,
): Promise<void> {
  await labSite({ name: 'anyrout', payload, nodes, env }, work);
}

// A BIOS whose card's ROM is not iPXE does not exist in QEMU: this iPXE hides its user class and loads undionly.kpxe
// over TFTP as a plain ROM would.
const PLAIN_PXE = { kernel: IPXE, append: 'set user-class PXEClient && autoboot' } as const;
const UEFI = { firmware: 'uefi', rom: 'none' } as const;

lab.test('beside an unchanged DHCP server: a BIOS through the DHCP proxy', async () => {
  await onSite({ PILOTLIGHT_DHCP: 'proxy' }, async (site) => {
    site.lan.run('dhcp', 'plain');
    await boots(site, 0, { name: 'proxy-bios-rom' });
    await boots(site, 1, { name: 'proxy-bios-undionly', ...PLAIN_PXE });
    expect(site.server.log()).toContain('told where to boot from');
  });
});

lab.test('beside an unchanged DHCP server: UEFI by PXE and by HTTP Boot through the DHCP proxy', async () => {
  await onSite({ PILOTLIGHT_DHCP: 'proxy' }, async (site) => {
    site.lan.run('dhcp', 'plain');
    await boots(site, 2, { name: 'proxy-uefi-pxe', ...UEFI });
    await boots(site, 0, { name: 'proxy-uefi-http', ...UEFI, netboot: 'http' });
  });
});

lab.test('three nodes at once through the DHCP proxy, each with its own configuration', async () => {
  await onSite({ PILOTLIGHT_DHCP: 'proxy' }, async (site) => {
    site.lan.run('dhcp', 'plain');
    await Promise.all([
      boots(site, 0, { name: 'three-proxy-a' }),
      boots(site, 1, { name: 'three-proxy-b' }),
      boots(site, 2, { name: 'three-proxy-c' }),
    ]);
  });
});

lab.test('a router that can only be told next-server and one file name: the smart NBP ends the loop', async () => {
  await onSite({}, async (site) => {
    site.lan.run('dhcp', 'libvirt', '192.168.122.10', 'undionly.kpxe');
    await boots(site, 0, { name: 'router-bios-rom' });
    await boots(site, 1, { name: 'router-bios-undionly', ...PLAIN_PXE });
    expect(site.server.log()).toContain('which it already is: it gets the start script');
    site.lan.run('stop', 'dhcp');
    site.lan.run('dhcp', 'libvirt', '192.168.122.10', 'snponly.efi');
    await boots(site, 2, { name: 'router-uefi', ...UEFI });
  });
});

lab.test('a dnsmasq that reads the exported file: BIOS, UEFI PXE and UEFI HTTP Boot', async () => {
  const work = async (site: Site): Promise<void> => {
    const words = ['export', 'dnsmasq', '--data-dir', site.dataDir, '--server', '192.168.122.10'];
    const file = join(site.dataDir, 'pilotlight.conf');
    writeFileSync(file, execFileSync(process.execPath, [MAIN, ...words]));
    site.lan.run('dhcp', 'plain', '--', `--conf-file=${file}`);
    const bios = await boots(site, 0, { name: 'export-bios', ...PLAIN_PXE });
    expect(bios.text).toContain('ip=192.168.122.71');
    await boots(site, 1, { name: 'export-uefi', ...UEFI });
    await boots(site, 2, { name: 'export-http', ...UEFI, netboot: 'http' });
  };
  await onSite({}, work, NEW_NODES);
});
