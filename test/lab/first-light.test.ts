import { afterAll, beforeAll, expect } from 'vitest';
import { COREOS_NAMES, FLATCAR_NAMES, makeDataFolder, type DataFolder } from '../support/lab-data.ts';
import { bootMachine } from '../support/lab-machine.ts';
import { labEquipment, OVMF } from '../support/lab-equipment.ts';
import { startServer, type LabServer } from '../support/lab-server.ts';

// One machine at a time boots a real kernel from the built server, fetches its configuration by the URL on its command
// line and prints it. The documents are files of the test: what arrives must be those bytes.
const CLOUD_CONFIG = `#cloud-config
# tabs and UTF-8 arrive as they are:	ä ✓
hostname: b-coreos
ssh_authorized_keys:
  - ssh-rsa AAAAB3NzaC1yc2E b
`;
const IGNITION = `{
  "ignition": { "version": "3.4.0" },
  "storage": { "files": [{ "path": "/etc/hostname", "contents": { "source": "data:,u-flatcar" } }] }
}`;
const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';

const { lab, payload } = await labEquipment({ files: [OVMF] });

lab.describe('first light', () => {
  let data: DataFolder;
  let server: LabServer;

  beforeAll(async () => {
    data = await makeDataFolder({
      'configs/b.yml': CLOUD_CONFIG,
      'configs/u.ign': IGNITION,
      'configs/custom.yml.hbs': '#cloud-config\nhostname: {{node.name}}-{{vars.rack}}\n',
      'sshkeys/core.pub': 'ssh-rsa AAAAB3NzaC1yc2E core\n',
      'profiles/b.json': {
        cloud_config: 'b',
        console: ['tty0', 'ttyS0'],
        coreos_autologin: 'ttyS0',
        root: '/dev/sda1',
        rootfstype: 'btrfs',
        sshkey: 'core',
        version: '310.1.0',
      },
      'profiles/u.json': {
        system: 'flatcar',
        version: '4593.2.5',
        ignition: 'u.ign',
        console: ['ttyS0'],
        nodes: [{ name: 'u-flatcar', mac: '52-54-00-AA-00-01' }],
      },
      'profiles/custom.json': {
        system: 'custom',
        kernel: 'custom/linux/vmlinuz',
        initrd: ['custom/linux/initramfs'],
        cloud_config: 'custom',
        kernel_args: ['e2e.note=custom', 'console=ttyS0'],
        vars: { rack: 'r7' },
        nodes: [{ name: 'by-uuid', uuid: UUID.toUpperCase() }],
      },
    });
    await data.publish(payload, 'amd64-usr/310.1.0', COREOS_NAMES);
    await data.publish(payload, 'flatcar/amd64/4593.2.5', FLATCAR_NAMES);
    await data.publish(payload, 'custom/linux', { kernel: 'vmlinuz', initramfs: 'initramfs' });
    server = await startServer({ dataDir: data.path });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  });

  lab.test('BIOS, iPXE of 2019: the script of coreos-ipxe-server boots', async () => {
    const mac = '52:54:00:47:51:e4';
    const run = await bootMachine({ name: 'bios-legacy', url: `${server.guestUrl}/?profile=b`, mac });
    expect(run.mac).toBe(mac);
    expect(run.cmdline).toContain(
      `rootfstype=btrfs console=tty0 console=ttyS0 cloud-config-url=${server.guestUrl}/configs/b.yml ` +
        'coreos.autologin=ttyS0 sshkey="ssh-rsa AAAAB3NzaC1yc2E core" root=/dev/sda1',
    );
    expect(run.documents).toEqual([
      { word: 'cloud-config-url', url: `${server.guestUrl}/configs/b.yml`, bytes: Buffer.from(CLOUD_CONFIG) },
    ]);
  });

  lab.test('UEFI, iPXE of 2019 in OVMF: /boot.ipxe finds the profile by the MAC, Ignition arrives', async () => {
    const mac = '52:54:00:aa:00:01';
    const run = await bootMachine({
      name: 'uefi-flatcar',
      url: `${server.guestUrl}/boot.ipxe`,
      mac,
      firmware: 'uefi',
    });
    expect(run.cmdline).toContain('flatcar.first_boot=1');
    expect(run.documents).toEqual([
      {
        word: 'ignition.config.url',
        url: `${server.guestUrl}/configs/u.ign?mac=52-54-00-aa-00-01`,
        bytes: Buffer.from(IGNITION),
      },
    ]);
  });

  lab.test('BIOS: a custom profile, found by the UUID', async () => {
    const mac = '52:54:00:aa:00:02';
    const run = await bootMachine({ name: 'bios-custom', url: `${server.guestUrl}/boot.ipxe`, mac, uuid: UUID });
    expect(run.cmdline).toContain('e2e.note=custom');
    expect(run.documents.map(({ word, bytes }) => [word, bytes.toString()])).toEqual([
      ['cloud-config-url', '#cloud-config\nhostname: by-uuid-r7\n'],
    ]);
  });
});
