import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { boots, onSite } from '../support/lab-site.ts';
import { needs } from '../support/needs.ts';
import { OTHER_RELEASES, otherIpxe } from '../support/other-ipxe.ts';

// The other lab tests boot with Debian 12's iPXE of 2019. A server on another Debian hands out that release's iPXE, which
// takes autoexec.ipxe from us by itself and, in Debian 13, runs it with the network card closed.
const NODES = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee' },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4' },
  { name: 'c-coreos', mac: '52:54:00:81:ac:aa' },
];
const UEFI = { firmware: 'uefi', rom: 'none' } as const;
// Each node boots in another way; the BIOS starts the release's iPXE in place of its card's.
const WAYS = [
  { name: 'pxe', options: UEFI },
  { name: 'http', options: { ...UEFI, netboot: 'http' } },
  { name: 'bios', options: { rom: 'none', append: 'autoboot' } },
] as const;

const wanted = { commands: ['ip', 'dnsmasq', 'apt-get', 'apt-cache'], files: [OVMF, '/dev/net/tun'], root: true };
const { lab, payload } = await labEquipment(wanted);

for (const other of OTHER_RELEASES) {
  const { release } = other;
  const ipxe = payload.kernel === '' ? { reason: 'no payload' } : await otherIpxe(other);
  const one = 'reason' in ipxe && payload.kernel !== '' ? needs({ missing: [ipxe.reason] }) : lab;
  const firmware = 'folder' in ipxe ? ipxe.folder : '';

  one.test(`the iPXE of Debian ${release}, through the DHCP proxy: UEFI by PXE, by HTTP Boot, and a BIOS`, async () => {
    const env = { PILOTLIGHT_DHCP: 'proxy' };
    await onSite({ name: `ipxe${release.slice(0, 3)}`, payload, nodes: NODES, env, firmware }, async (site) => {
      site.lan.run('dhcp', 'plain');
      const said = readFileSync(join(firmware, 'VERSION'), 'utf8').trim();
      for (const [i, { name, options }] of WAYS.entries()) {
        const bios = name === 'bios' ? { kernel: join(firmware, 'ipxe.lkrn') } : {};
        const run = await boots(site, i, { name: `${release}-${name}`, ...options, ...bios });
        expect(run.text).toContain(`iPXE ${said}`);
      }
    });
  });
}
