import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'vitest';
import type { LogPage } from '../../src/model/machine-views.ts';
import { makeDataFolder } from '../support/lab-data.ts';
import { bootMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

const TOKEN = 'a-token-of-this-test-alone';
const MAC = '52:54:00:5b:51:06';

const { lab, payload } = await labEquipment();

async function freeUdpPort(): Promise<number> {
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

// The payload logs as Debian's installer does: busybox's syslogd with log_host= and log_port= of the kernel line, and the
// kernel's own messages, in which that line stands with the machine's token.
lab.test('a machine that installs sends its log without being told so by its profile', async () => {
  await using data = await makeDataFolder({
    'configs/p.cfg': 'd-i debian-installer/locale string en_US.UTF-8\n',
    'profiles/w.json': {
      system: 'custom',
      kernel: 'custom/lab/vmlinuz',
      initrd: ['custom/lab/initramfs'],
      preseed: 'p.cfg',
      install: { disk: '/dev/vda' },
      kernel_args: ['console=ttyS0'],
      nodes: [{ name: 'w1', mac: MAC }],
    },
  });
  await data.publish(payload, 'custom/lab', { kernel: 'vmlinuz', initramfs: 'initramfs' });
  const port = await freeUdpPort();
  const env = { PILOTLIGHT_ADMIN_TOKEN: TOKEN, PILOTLIGHT_SYSLOG: `127.0.0.1:${port}` };
  await using server = await startServer({ dataDir: data.path, env });
  const run = await bootMachine({ name: 'syslog', url: `${server.guestUrl}/boot.ipxe`, mac: MAC });
  expect(run.cmdline).toContain(`log_host=10.0.2.2 log_port=${port}`);
  expect(run.cmdline).toMatch(/token=plt-[\w-]{40}/);

  const ask = async (path: string): Promise<unknown> =>
    (
      await fetch(`${server.url}/api/v1/machines/${MAC}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).json();
  const lines = async () => ((await ask('/log?limit=5000')) as LogPage).lines;
  await expect
    .poll(lines, { timeout: 60_000 })
    .toContainEqual(expect.objectContaining({ program: 'payload', severity: 3, text: `it logs, mac=${MAC}` }));
  const kernel = (await lines()).find(({ text }) => text.includes('Command line:'));
  expect(kernel).toMatchObject({ program: 'kernel', text: expect.stringContaining('token=plt-(left-out)') as string });
  expect(JSON.stringify(await ask(''))).toMatch(/it logs, [\d,]+ lines; the last: /);
});
