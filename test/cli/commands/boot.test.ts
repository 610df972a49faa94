import { expect, test } from 'vitest';
import { counterStand, runAt } from '../../support/counter-stand.ts';
import { makeFolder } from '../../support/folder.ts';

const MAC = '52:54:00:00:00:01';
const FILES = {
  'profiles/worker.json': { system: 'custom', kernel: 'w', nodes: [{ name: 'w1', mac: MAC }] },
  'profiles/server.json': { system: 'custom', kernel: 'w', install: { disk: '/dev/sda' } },
  'profiles/rescue.json': { system: 'custom', kernel: 'r' },
};

test('another profile for one boot, shown in the list until it is taken back', async () => {
  const dir = makeFolder(FILES);
  const set = await runAt(dir, ['boot', 'w1', '--once', 'rescue']);
  expect([set.code, set.stdout]).toEqual([0, `w1 (${MAC}) boots rescue next, and its own profile after that\n`]);
  const { machines } = JSON.parse((await runAt(dir, ['nodes', '--json'])).stdout) as { machines: object[] };
  expect(machines).toMatchObject([
    { name: 'w1', installation: { state: 'boot-once', text: 'boots rescue once, at its next boot' } },
  ]);
  expect((await runAt(dir, ['nodes'])).stdout).toContain('assigned, other boot once');
  const back = await runAt(dir, ['boot', MAC, '--cancel']);
  expect([back.code, back.stdout]).toEqual([0, `w1 (${MAC}) boots its own profile next\n`]);
  const again = await runAt(dir, ['boot', 'w1', '--cancel']);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('w1 has no other profile to boot once')]);
});

test('by the server that runs', async () => {
  const stand = await counterStand({ bootOnce: () => Promise.resolve({ key: MAC, name: 'w1' }) });
  expect((await runAt(stand.dir, ['boot', 'w1', '--once', 'rescue'])).code).toBe(0);
  expect(stand.adminService.calls).toEqual([['bootOnce', 'w1', 'rescue']]);
});

test.each([
  [['boot', 'w1'], 2, 'what is to be booted? add --once PROFILE, or --cancel'],
  [['boot', 'w1', '--once', 'rescue', '--cancel'], 2, 'what is to be booted?'],
  [['boot', 'w1', '--once', 'rescu'], 1, 'there is no profile "rescu" (did you mean "rescue"?)'],
  [['boot', 'w1', '--once', 'server'], 1, 'profiles/server.json installs: nothing is erased for one boot'],
  [['boot', 'w9', '--once', 'rescue'], 1, 'no node is called "w9"'],
])('%j is refused', async (argv, code, message) => {
  const done = await runAt(makeFolder(FILES), argv);
  expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(message)]);
});
