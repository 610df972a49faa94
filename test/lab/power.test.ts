import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startIpmiMachine } from '../support/ipmi-machine.ts';
import { makeDataFolder } from '../support/lab-data.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';
import { buildDisk, DISK_NEEDS, place } from '../support/payload.ts';

const MAC = '52:54:00:d1:5c:21';
const TOKEN = 'a-token-of-this-test-alone';
const PASSWORD = 'only-in-a-file';
const main = join(import.meta.dirname, '..', '..', 'dist', 'main.js');

const { lab, payload } = await labEquipment({
  commands: [...DISK_NEEDS.commands, 'ipmi_sim', 'ipmitool'],
  files: DISK_NEEDS.files,
});

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

lab.test('a machine that boots its own disk is installed again by its BMC, with no hand on it', async () => {
  await using data = await makeDataFolder({ 'secrets/bmc1': `${PASSWORD}\n` });
  chmodSync(join(data.path, 'secrets/bmc1'), 0o600);
  await data.publish(payload, 'custom/lab', { kernel: 'vmlinuz', initramfs: 'initramfs' });
  await place(await buildDisk(payload), join(data.path, 'images/custom/lab/disk.img.gz'));
  const disk = join(data.path, 'disk.img');
  const handle = openSync(disk, 'w');
  ftruncateSync(handle, 64 * 2 ** 20);
  closeSync(handle);
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN, PILOTLIGHT_REPORTS: 'open' },
  });
  const url = `${server.guestUrl}/boot.ipxe`;
  await using machine = await startIpmiMachine({ mac: MAC, url, disk, password: PASSWORD });
  await data.write('profiles/disk.json', {
    system: 'custom',
    kernel: 'custom/lab/vmlinuz',
    initrd: ['custom/lab/initramfs'],
    install: { disk: '/dev/vda' },
    kernel_args: [
      ...['console=ttyS0', 'e2e.disk=/dev/vda', 'e2e.end=reboot'],
      `e2e.install=${server.guestUrl}/images/custom/lab/disk.img.gz`,
      `e2e.installed-url=${server.guestUrl}/installed/${MAC.replaceAll(':', '-')}`,
    ],
    nodes: [
      {
        name: 'd1',
        mac: MAC,
        power: {
          ipmi: { host: '127.0.0.1', port: machine.port, user: 'lab', password: { file: 'secrets/bmc1' }, cipher: 3 },
        },
      },
    ],
  });

  async function pilotlight(...words: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [main, ...words], {
      env: { PATH: process.env['PATH'] ?? '', PILOTLIGHT_DATA_DIR: data.path, PILOTLIGHT_ADMIN_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, text: Buffer.concat(said).toString() };
  }

  expect(await pilotlight('power', 'status', 'd1')).toMatchObject({
    code: 0,
    text: expect.stringContaining('power is off') as string,
  });

  // It is off, and its disk empty.
  const first = await pilotlight('reinstall', 'd1', '--now');
  expect(first).toMatchObject({
    code: 0,
    text: expect.stringMatching(/switched on by IPMI[^]*told to install[^]*d1 is installed/) as string,
  });
  expect(machine.console()).toContain('E2E INSTALLED ok');

  // Nothing was told about the next boot: its own disk.
  expect((await pilotlight('power', 'off', 'd1')).code).toBe(0);
  expect((await pilotlight('power', 'on', 'd1')).code).toBe(0);
  await expect.poll(() => machine.console(), { timeout: 240_000, interval: 500 }).toMatch(/^E2E BOOT-OK/m);
  expect(machine.console()).toContain('e2e.from=disk');
  expect(machine.console()).not.toContain('E2E INSTALLED');

  const again = await pilotlight('reinstall', 'd1', '--now');
  expect(again).toMatchObject({
    code: 0,
    text: expect.stringMatching(/switched off and on by IPMI[^]*d1 is installed/) as string,
  });
  expect(machine.console()).toContain('E2E INSTALLED ok');
  expect(machine.told()).toEqual([
    ...['boot pxe', 'power 1', 'power 0', 'power 1'],
    ...['boot pxe', 'power 0', 'power 1'],
  ]);

  const timeline = await pilotlight('node', 'd1', '--boots', '20');
  expect(timeline.text).toContain('power cycle: switched off and on by IPMI');
  expect(`${first.text}${again.text}${timeline.text}${server.log()}`).not.toContain(PASSWORD);
});
