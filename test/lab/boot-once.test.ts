import { connect } from 'node:net';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runAt } from '../support/cli-setup.ts';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { startMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

const MAC = '52:54:00:00:00:98';
const { lab, payload } = await labEquipment({});

lab.test('one boot of another profile, then its own, and a tool that a person chose at the screen', async () => {
  const live = { system: 'flatcar', version: '1.2.3' };
  await using data = await makeDataFolder({
    'configs/own.yml': '#cloud-config\nhostname: own\n',
    'configs/rescue.yml': '#cloud-config\nhostname: rescue\n',
    'profiles/own.json': { ...live, cloud_config: 'own', nodes: [{ name: 'w1', mac: MAC }] },
    'profiles/rescue.json': { ...live, cloud_config: 'rescue', menu: 'Rescue' },
  });
  await data.publish(payload, 'flatcar/amd64/1.2.3', FLATCAR_NAMES);
  // A minute, and no end to the menu: a busy computer presses the key late.
  await using server = await startServer({
    dataDir: data.path,
    env: { PILOTLIGHT_MENU_KEY: '60', PILOTLIGHT_MENU_TIMEOUT: '0' },
  });
  const url = `${server.guestUrl}/boot.ipxe`;
  const set = await runAt(data.path, ['boot', 'w1', '--once', 'rescue']);
  expect([set.code, set.stderr]).toEqual([0, '']);

  await using first = startMachine({ name: 'boot-once', url, mac: MAC });
  const rescued = await first.done();
  expect(rescued.text).toContain('w1 boots profiles/rescue.json once, as an operator asked');
  expect(rescued.documents.map(({ bytes }) => bytes.toString())).toEqual(['#cloud-config\nhostname: rescue\n']);

  const monitor = join(tmpdir(), `pilotlight-once-${process.pid}`);
  const qemu = ['-qmp', `unix:${monitor},server=on,wait=off`];
  await using second = startMachine({ name: 'boot-own', url, mac: MAC, qemu });
  await second.until(/Press m within 60 s for the menu of tools/);
  // Any other key goes on.
  await press(monitor, 'n');
  const own = await second.done();
  expect(own.documents.map(({ bytes }) => bytes.toString())).toEqual(['#cloud-config\nhostname: own\n']);

  await using third = startMachine({ name: 'boot-tool', url, mac: MAC, qemu });
  await third.until(/Press m within/);
  await press(monitor, 'm');
  await third.until(/Go on with its own profile, own/);
  for (const key of ['up', 'ret']) await press(monitor, key);
  const tool = await third.done();
  expect(tool.documents.map(({ bytes }) => bytes.toString())).toEqual(['#cloud-config\nhostname: rescue\n']);
  rmSync(monitor, { force: true });
  for (const { text } of [rescued, own, tool]) expect(text).not.toMatch(/command not found|Usage:|Exec format error/);
});

/** A key of the machine's keyboard, by QEMU's own protocol. */
async function press(monitor: string, key: string): Promise<void> {
  const keys = [{ type: 'qcode', data: key }];
  const commands = [{ execute: 'qmp_capabilities' }, { execute: 'send-key', arguments: { keys } }];
  const socket = connect(monitor);
  socket.setEncoding('utf8');
  let answers = 0;
  socket.write(commands.map((command) => JSON.stringify(command)).join('\n'));
  try {
    for await (const chunk of socket) {
      answers += (chunk as string).split('"return"').length - 1;
      if (answers === commands.length) return;
    }
  } finally {
    socket.destroy();
  }
}
