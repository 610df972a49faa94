import { expect } from 'vitest';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, type LabNode, onSite } from '../support/lab-site.ts';

// The only DHCP server of an Ethernet: no other one runs in these namespaces.
const NODES: readonly LabNode[] = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee', ip: '192.168.122.42' },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4' },
];
const ENV = { PILOTLIGHT_DHCP: 'server', PILOTLIGHT_DHCP_RANGE: '192.168.122.100-192.168.122.120' };

const { lab, payload } = await labEquipment({
  commands: ['ip'],
  files: [OVMF, '/usr/lib/ipxe/undionly.kpxe', '/dev/net/tun'],
  root: true,
});

lab.test('iPXE and UEFI boot where Pilotlight is the only DHCP server', async () => {
  await onSite({ name: 'onlydhcp', payload, nodes: NODES, env: ENV }, async (site) => {
    await Promise.all([
      boots(site, 0, { name: 'only-dhcp-bios' }),
      boots(site, 1, { name: 'only-dhcp-uefi', firmware: 'uefi', rom: 'none' }),
    ]);
    expect(site.server.log()).toContain('192.168.122.42');
    expect(site.server.log()).toContain('192.168.122.100');
  });
});
