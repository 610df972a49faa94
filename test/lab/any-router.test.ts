import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, onSite as labSite, type LabNode, type Site } from '../support/lab-site.ts';

// Beside what boot-matrix.test.ts boots: several nodes at once, and a dnsmasq that reads our exported file.
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

const UEFI = { firmware: 'uefi', rom: 'none' } as const;

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

lab.test('a dnsmasq that reads the exported file: BIOS, UEFI PXE and UEFI HTTP Boot', async () => {
  const work = async (site: Site): Promise<void> => {
    const words = ['export', 'dnsmasq', '--data-dir', site.dataDir, '--server', '192.168.122.10'];
    const file = join(site.dataDir, 'pilotlight.conf');
    writeFileSync(file, execFileSync(process.execPath, [MAIN, ...words]));
    site.lan.run('dhcp', 'plain', '--', `--conf-file=${file}`);
    const bios = await boots(site, 0, { name: 'export-bios' });
    expect(bios.text).toContain('ip=192.168.122.71');
    await boots(site, 1, { name: 'export-uefi', ...UEFI });
    await boots(site, 2, { name: 'export-http', ...UEFI, netboot: 'http' });
  };
  await onSite({}, work, NEW_NODES);
});
