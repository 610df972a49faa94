import { describe, expect, test } from 'vitest';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';
import { flatcar, MAC } from '../../admin/service/setup.ts';

const FILES = { 'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], { install: { disk: '/dev/sda' } }) };

describe('pilotlight reinstall', () => {
  test('over the server that runs', async () => {
    const setup = await cliSetup({ reinstall: () => Promise.resolve({ key: MAC, name: 'w1' }) });
    const { code, stdout } = await runAt(setup.dir, ['reinstall', 'w1']);
    expect([code, stdout]).toEqual([
      0,
      `w1 (${MAC}) will be erased and installed when it boots from the network next\n`,
    ]);
    expect(setup.adminService.calls).toEqual([['reinstall', 'w1']]);
    expect(JSON.parse((await runAt(setup.dir, ['reinstall', 'w1', '--json'])).stdout)).toEqual({
      key: MAC,
      name: 'w1',
    });
  });

  test('on the files', async () => {
    const { code, stdout, stderr } = await runAt(makeFolder(FILES), ['reinstall', MAC.toUpperCase()]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`w1 (${MAC}) will be erased and installed when it boots from the network next\n`);
  });

  test('nobody, and what is never installed', async () => {
    const nobody = await runAt(makeFolder(FILES), ['reinstall', 'w9']);
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('no node is called "w9"')]);
    const never = await runAt(makeFolder({ 'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }]) }), [
      'reinstall',
      'w1',
    ]);
    expect([never.code, never.stderr]).toEqual([1, expect.stringContaining('profiles/w.json installs nothing')]);
  });
});
