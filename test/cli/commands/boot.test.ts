import { expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';

const MAC = '52:54:00:00:00:01';
const FILES = {
  'profiles/worker.json': { system: 'custom', kernel: 'w', nodes: [{ name: 'w1', mac: MAC }] },
  'profiles/server.json': {
    system: 'custom',
    kernel: 'w',
    install: { disk: '/dev/sda' },
    nodes: [{ name: 's1', mac: '52:54:00:00:00:02' }],
  },
  'profiles/disk.json': { system: 'custom', kernel: 'w', boot: 'local' },
  'profiles/rescue.json': { system: 'custom', kernel: 'r' },
};

test('another profile for one boot, shown in the list until it is taken back', async () => {
  const dir = makeFolder(FILES);
  const set = await runAt(dir, ['boot', 'w1', '--once', 'rescue']);
  expect([set.code, set.stdout]).toEqual([0, `w1 (${MAC}) boots rescue next, and its own profile after that\n`]);
  const { machines } = JSON.parse((await runAt(dir, ['nodes', '--json'])).stdout) as { machines: object[] };
  expect(machines).toMatchObject([
    { name: 's1' },
    { name: 'w1', installation: { state: 'boot-once', text: 'boots rescue once, at its next boot' } },
  ]);
  expect((await runAt(dir, ['nodes'])).stdout).toContain('assigned, other boot once');
  const why = await runAt(dir, ['render', 'script', '--mac', MAC, '--explain']);
  expect(why.stderr).toContain('w1 boots profiles/rescue.json once, as an operator asked');
  const back = await runAt(dir, ['boot', MAC, '--cancel']);
  expect([back.code, back.stdout]).toEqual([0, `w1 (${MAC}) boots its own profile next\n`]);
  const again = await runAt(dir, ['boot', 'w1', '--cancel']);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('w1 has no other profile to boot once')]);
});

test('an installer is asked for at a terminal, or said by --yes', async () => {
  const dir = makeFolder(FILES);
  const asked: string[] = [];
  const confirm = (answer: boolean) => (question: string) => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  const argv = ['boot', 'w1', '--once', 'server'];
  const no = await runCli(argv, dir, {}, { confirm: confirm(false) });
  expect([no.code, no.stderr]).toEqual([1, expect.stringContaining('nothing was changed')]);
  expect(asked).toEqual(['server erases /dev/sda of w1, with everything on it. Install it at its next boot?']);
  expect((await runAt(dir, ['nodes'])).stdout).not.toContain('once');
  expect((await runCli(argv, dir, {}, { confirm: confirm(true) })).code).toBe(0);
  const { machines } = JSON.parse((await runAt(dir, ['nodes', '--json'])).stdout) as { machines: object[] };
  expect(machines).toContainEqual(
    expect.objectContaining({
      name: 'w1',
      installation: {
        state: 'boot-once',
        text: '/dev/sda will be erased and server installed, at its next boot',
        erases: '/dev/sda',
      },
    }),
  );
  expect((await runAt(dir, ['nodes'])).stdout).toMatch(/erase pending, once +w1/);
  expect((await runAt(dir, ['boot', 'w1', '--cancel'])).code).toBe(0);
  expect((await runAt(dir, [...argv, '--yes'])).code).toBe(0);
});

test('by the server that runs', async () => {
  const setup = await cliSetup({ bootOnce: () => Promise.resolve({ key: MAC, name: 'w1' }) });
  expect((await runAt(setup.dir, ['boot', 'w1', '--once', 'rescue'])).code).toBe(0);
  expect(setup.adminService.calls).toEqual([['bootOnce', 'w1', 'rescue', undefined]]);
});

test.each([
  [['boot', 'w1'], 2, 'what is to be booted? add --once PROFILE, or --cancel'],
  [['boot', 'w1', '--once', 'rescue', '--cancel'], 2, 'what is to be booted?'],
  [['boot', 'w1', '--once', 'rescu'], 1, 'there is no profile "rescu" (did you mean "rescue"?)'],
  [['boot', 'w1', '--once', 'server'], 2, 'server erases /dev/sda of w1, with everything on it (if it may: add --yes)'],
  [
    ['boot', 's1', '--once', 'server', '--yes'],
    1,
    'the own profile of s1, and installs (`pilotlight reinstall s1` installs',
  ],
  [['boot', 'w1', '--once', 'disk'], 1, 'profiles/disk.json boots the local disk'],
  [
    ['boot', '52:54:00:00:00:77', '--once', 'server', '--yes'],
    1,
    'adopt 52:54:00:00:00:77 --profile server` installs it',
  ],
  [['boot', 'w9', '--once', 'rescue'], 1, 'no node is called "w9"'],
])('%j is refused', async (argv, code, message) => {
  const done = await runAt(makeFolder(FILES), argv);
  expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(message)]);
});
