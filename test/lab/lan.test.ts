import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { setUpLan } from '../support/lab-lan.ts';
import { bootMachine } from '../support/lab-machine.ts';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

const SNPONLY = '/usr/lib/ipxe/snponly.efi';
const MAC = '52:54:00:81:ac:aa';

const { lab, payload } = await labEquipment({
  commands: ['ip', 'dnsmasq', 'in.tftpd'],
  files: [OVMF, SNPONLY, '/dev/net/tun'],
  root: true,
});

// What most operators have: their router's DHCP names a TFTP server, and iPXE this server.
lab.test("UEFI's own PXE client on a LAN: TFTP, iPXE, the node's script, kernel and cloud-config", async () => {
  using lan = setUpLan('lantest', 1);
  await using data = await makeDataFolder({
    'configs/c.yml.hbs': '#cloud-config\nhostname: {{node.name}} # asked for by {{base_url}}\n',
    'profiles/c.json': {
      system: 'flatcar',
      version: '4593.2.5',
      cloud_config: 'c',
      nodes: [{ name: 'c-coreos', mac: MAC }],
    },
  });
  await data.publish(payload, 'flatcar/amd64/4593.2.5', FLATCAR_NAMES);
  const tftp = mkdtempSync(join(tmpdir(), 'pilotlight-tftp-'));
  cpSync(SNPONLY, join(tftp, 'snponly.efi'));
  // in.tftpd reads it as the user none.
  chmodSync(tftp, 0o755);
  const netns = { name: lan.server, address: '192.168.122.10', port: 4777 };
  // Port 69 is for tftpd-hpa here.
  await using server = await startServer({ dataDir: data.path, netns, env: { PILOTLIGHT_TFTP_LISTEN: 'off' } });
  lan.run('tftp', tftp);
  lan.run('dhcp', 'boot', '192.168.122.10', `${server.url}/boot.ipxe`);

  const run = await bootMachine({
    name: 'lan-uefi-pxe',
    lan: { netns: lan.gateway, tap: 'tap0' },
    mac: MAC,
    firmware: 'uefi',
    rom: 'none',
  });
  rmSync(tftp, { recursive: true });
  expect(run.documents.map(({ url, bytes }) => [url, bytes.toString()])).toEqual([
    [
      'http://192.168.122.10:4777/configs/c.yml?mac=52-54-00-81-ac-aa',
      '#cloud-config\nhostname: c-coreos # asked for by http://192.168.122.10:4777\n',
    ],
  ]);
});
