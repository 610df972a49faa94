import { describe, expect, it } from 'vitest';
import { cliSetup, runAt } from '../../support/cli-setup.ts';

const MAC = '00:1b:21:00:00:01';

describe('over the server that runs', () => {
  it.each([
    [['release', 'w1'], 'releaseClaim', `w1 (${MAC}) gets its installer when it asks next\n`],
    [
      ['reinstall', 'w1', '--cancel'],
      'cancelReinstall',
      `w1 (${MAC}) is not installed anew: its disk stays as it is\n`,
    ],
  ] as const)('%j', async (words, method, said) => {
    const setup = await cliSetup({ [method]: () => Promise.resolve({ key: MAC, name: 'w1' }) });
    const { code, stdout } = await runAt(setup.dir, [...words]);
    expect([code, stdout]).toEqual([0, said]);
    expect(setup.adminService.calls).toEqual([[method, 'w1']]);
  });

  it.each([true, false])('state accept: %j', async (accepted) => {
    const setup = await cliSetup({ acceptState: () => Promise.resolve({ accepted }) });
    const { code, stdout } = await runAt(setup.dir, ['state', 'accept']);
    expect(code).toBe(0);
    expect(stdout).toContain(accepted ? 'accepted' : 'nothing to do');
    expect((await runAt(setup.dir, ['state', 'forget'])).code).toBe(2);
  });
});
