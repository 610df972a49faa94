import { expect } from 'vitest';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { setUpLan, type Lan } from '../support/lab-lan.ts';
import { bootMachine, type MachineOptions, type MachineRun } from '../support/lab-machine.ts';
import { labRoom, OVMF } from '../support/lab-room.ts';
import { startServer, type LabServer } from '../support/lab-server.ts';

// From power-on to the node's own configuration with nothing but Pilotlight beside a DHCP server that nobody may change,
// or that can only be told one address and one file name.
const BASE = 'http://192.168.122.10:4777';
const NODES = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee' },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4' },
  { name: 'c-coreos', mac: '52:54:00:81:ac:aa' },
] as const;
const IPXE = '/usr/lib/ipxe/ipxe.lkrn';

const { lab, payload } = await labRoom({
  commands: ['ip', 'dnsmasq'],
  files: [OVMF, '/usr/lib/ipxe/undionly.kpxe', '/dev/net/tun'],
  root: true,
});

interface Site {
  readonly lan: Lan;
  readonly server: LabServer;
}

async function onSite(env: Readonly<Record<string, string>>, work: (site: Site) => Promise<void>): Promise<void> {
  using lan = setUpLan('anyrout', NODES.length);
  await using data = await makeDataFolder({
    'configs/seed.yml.hbs': '#cloud-config\nhostname: {{node.name}} # asked for by {{base_url}}\n',
    'profiles/seed.json': { system: 'flatcar', version: '4593.2.5', cloud_config: 'seed', nodes: NODES },
  });
  await data.publish(payload, 'flatcar/amd64/4593.2.5', FLATCAR_NAMES);
  const netns = { name: lan.server, address: '192.168.122.10', port: 4777 };
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69', ...env },
    netns,
  });
  await work({ lan, server });
}

/** Boots node `i` and holds what it got against what it should get. */
async function boots(site: Site, i: 0 | 1 | 2, options: Omit<MachineOptions, 'mac' | 'lan'>): Promise<MachineRun> {
  const { name, mac } = NODES[i];
  const run = await bootMachine({ ...options, mac, lan: { netns: site.lan.gateway, tap: `tap${i}` } });
  expect(run.documents.map(({ url, bytes }) => [url, bytes.toString()])).toEqual([
    [
      `${BASE}/configs/seed.yml?mac=${mac.replaceAll(':', '-')}`,
      `#cloud-config\nhostname: ${name} # asked for by ${BASE}\n`,
    ],
  ]);
  return run;
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
