import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAdminClient } from '../../../src/admin/client/open-client.ts';
import { cliSetup } from '../../support/cli-setup.ts';
import { addFiles, makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/app-context.ts';
import { TOKEN } from '../../support/operator-setup.ts';
import { flatcar, MAC, pageOf } from '../service/setup.ts';

const machines = () => Promise.resolve(pageOf([]));

describe('where a command asks', () => {
  test('the server that runs, with the token from the file', async () => {
    const setup = await cliSetup({ machines });
    const adminClient = await openAdminClient(settingsFor(setup.dir));
    expect(adminClient.at).toBe('server');
    await adminClient.machines({ limit: 1 });
    expect(setup.asked).toEqual([['GET /api/v1/machines?limit=1', `Bearer ${TOKEN}`]]);
  });

  test('the files when it has gone, whatever it left behind', async () => {
    const setup = await cliSetup();
    await setup.hangUp();
    const adminClient = await openAdminClient(settingsFor(setup.dir));
    expect(adminClient.at).toBe('files');
    await adminClient.close();
  });

  test('a folder that is not there', async () => {
    await expect(openAdminClient(settingsFor('/nonexistent'))).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('the token', () => {
  test('of the settings goes first; a wrong one is refused', async () => {
    const setup = await cliSetup({ machines });
    const adminClient = await openAdminClient(settingsFor(setup.dir, { adminToken: 'wrong-wrong-wrong-wrong' }));
    await expect(adminClient.machines({ limit: 1 })).rejects.toMatchObject({
      code: 'refused',
      message: 'the server does not take the admin token',
    });
  });

  test('that is not there, or cannot be read: nothing is done behind the server’s back', async () => {
    const setup = await cliSetup();
    const token = join(setup.dir, 'state/admin-token');
    rmSync(token);
    await expect(openAdminClient(settingsFor(setup.dir))).rejects.toMatchObject({
      code: 'refused',
      message: 'a server runs here, and there is no state/admin-token',
    });
    mkdirSync(token);
    await expect(openAdminClient(settingsFor(setup.dir))).rejects.toMatchObject({
      code: 'refused',
      message: 'a server runs here, and state/admin-token cannot be read',
    });
    rmSync(token, { recursive: true });
    writeFileSync(token, 'short');
    chmodSync(token, 0o600);
    await expect(openAdminClient(settingsFor(setup.dir))).rejects.toMatchObject({ code: 'broken' });
  });
});

test('a server that starts while the files are changed is told, too', async () => {
  const setup = await cliSetup({ reinstall: (key) => Promise.resolve({ key }) });
  const dir = makeFolder({ 'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], { install: { disk: '/dev/sda' } }) });
  const adminClient = await openAdminClient(settingsFor(dir));
  expect(adminClient.at).toBe('files');
  addFiles(dir, {
    'state/server.json': { pid: 1, url: setup.url, startedAt: 1, instance: 'me' },
    'state/admin-token': TOKEN,
  });
  expect(await adminClient.reinstall('w1')).toEqual({ key: MAC, name: 'w1' });
  expect(setup.adminService.calls).toEqual([['reinstall', MAC]]);
  await adminClient.close();
});
