import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, type LabNode, onSite } from '../support/lab-site.ts';

// A router that advertises fd00:122::/64 and sends machines to DHCPv6, which is ours. Firmware knows no other way than IPv6.
const NODES: readonly LabNode[] = [{ name: 'six', mac: '52:54:00:55:1c:ee' }];
const ENV = {
  ...{ PILOTLIGHT_DHCP: 'server', PILOTLIGHT_DHCP_RANGE: 'fd00:122::/64' },
  ...{ PILOTLIGHT_HTTP_LISTEN: '[::]:4777', PILOTLIGHT_TFTP_LISTEN: '[::]:69' },
};
const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'main.js');
const BASE = 'http://[fd00:122::10]:4777';

const { lab, payload } = await labEquipment({
  commands: ['ip', 'dnsmasq', 'nft'],
  files: [OVMF, '/usr/lib/ipxe/snponly.efi', '/dev/net/tun'],
  root: true,
});

lab.test('UEFI boots by PXE over IPv6 where dnsmasq answers DHCPv6 with the exported file', async () => {
  const env = {
    PILOTLIGHT_HTTP_LISTEN: ENV.PILOTLIGHT_HTTP_LISTEN,
    PILOTLIGHT_TFTP_LISTEN: ENV.PILOTLIGHT_TFTP_LISTEN,
  };
  await onSite({ name: 'sixdns', payload, nodes: NODES, env }, async (site) => {
    const words = [
      'export',
      'dnsmasq',
      '--data-dir',
      site.dataDir,
      '--server',
      '192.168.122.10',
      '--server6',
      'fd00:122::10',
    ];
    const file = join(site.dataDir, 'pilotlight.conf');
    writeFileSync(file, execFileSync(process.execPath, [MAIN, ...words]));
    const range = '--dhcp-range=fd00:122::ff00,fd00:122::ffff,slaac,64,1h';
    site.lan.run('dhcp', 'plain', '--no-ra', '--', '--enable-ra', range, `--conf-file=${file}`);
    // The firmware knows no other way than IPv6; iPXE hears the script's URL by both families, and takes that of IPv4.
    await boots(site, 0, { name: 'ipv6-dnsmasq', firmware: 'uefi', rom: 'none', netboot: 'pxe6' });
  });
});

lab.test('UEFI boots by PXE over IPv6: address, iPXE, script, kernel and document', async () => {
  await onSite({ name: 'sixonly', payload, nodes: NODES, env: ENV }, async (site) => {
    site.lan.run('dhcp', 'plain', '--managed');
    await boots(site, 0, { name: 'ipv6-pxe', firmware: 'uefi', rom: 'none', netboot: 'pxe6' }, BASE);
    const log = site.server.log();
    expect(log).toContain('tftp://[fd00:122::10]/snponly.efi');
    expect(log).toContain('"address":"fd00:122::5254:55:1cee"');
    expect(log).toContain('"file":"http://[fd00:122::10]:4777/boot.ipxe"');
  });
});

// Firmware tries HTTP Boot over IPv4 first, which nothing here answers: it gives up after more than a minute.
if (process.env['PILOTLIGHT_LAB_ALL'] === '1') {
  lab.test('UEFI boots by HTTP over IPv6', async () => {
    await onSite({ name: 'sixhttp', payload, nodes: NODES, env: ENV }, async (site) => {
      site.lan.run('dhcp', 'plain', '--managed');
      const run = await boots(site, 0, { name: 'ipv6-http', firmware: 'uefi', rom: 'none', netboot: 'http6' }, BASE);
      expect(run.text).toContain('URI: http://[fd00:122::10]:4777/firmware/ipxe.efi');
      expect(site.server.log()).not.toContain('tftp: sent');
    });
  });
}
