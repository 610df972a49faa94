import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { flatcar, MAC, pageOf, rowOf } from '../../admin/service/setup.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';

describe('pilotlight login', () => {
  test('prints a link that is good for one visit', async () => {
    const setup = await cliSetup();
    const { code, stdout, stderr } = await runAt(setup.dir, ['login']);
    expect([code, stderr]).toEqual([0, '']);
    const link = new URL(stdout.trim());
    expect(link.origin).toBe(setup.url);
    const visit = async (): Promise<number> => (await fetch(link)).status;
    expect([await visit(), await visit()]).toEqual([200, 403]);
  });

  test('has each time another one, also for programs', async () => {
    const setup = await cliSetup();
    const links = new Set<string>();
    for (let i = 0; i < 3; i += 1) {
      const { stdout } = await runAt(setup.dir, ['login', '--json']);
      const { url, expiresAt } = JSON.parse(stdout) as { url: string; expiresAt: number };
      expect(expiresAt).toBeGreaterThan(Date.now());
      links.add(url);
    }
    expect(links.size).toBe(3);
  });

  test('needs a server', async () => {
    const { code, stdout, stderr } = await runAt(makeFolder(), ['login']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('no server runs on this data directory (start it with `pilotlight serve`');
  });
});

const FILES = { 'profiles/workers.json': flatcar([{ name: 'w1', serial: '7' }]), 'profiles/storage.json': flatcar() };

describe('pilotlight adopt', () => {
  test('over the server that runs', async () => {
    const setup = await cliSetup({ adopt: () => Promise.resolve({ file: 'profiles/workers.json', name: 'w2' }) });
    const { code, stdout } = await runAt(setup.dir, ['adopt', MAC, '--profile', 'workers', '--name', 'w2']);
    expect([code, stdout]).toEqual([0, `${MAC} is node w2 of profiles/workers.json\n`]);
    expect(setup.adminService.calls).toEqual([['adopt', { key: MAC, profile: 'workers', name: 'w2' }]]);
  });

  test('by the name of a node, for programs', async () => {
    const setup = await cliSetup({
      machines: () => Promise.resolve(pageOf([rowOf({ name: 'w1' })])),
      adopt: () => Promise.resolve({ file: 'profiles/storage.json', name: 'w1' }),
    });
    const { stdout } = await runAt(setup.dir, ['adopt', 'w1', '--profile', 'storage', '--json']);
    expect(JSON.parse(stdout)).toEqual({ key: MAC, file: 'profiles/storage.json', name: 'w1' });
  });

  test('on the files: a new machine, and one that goes over', async () => {
    const dir = makeFolder(FILES);
    expect((await runAt(dir, ['adopt', MAC, '--profile', 'workers'])).stdout).toBe(
      `${MAC} is node node-000001 of profiles/workers.json\n`,
    );
    expect((await runAt(dir, ['adopt', 'w1', '--profile', 'storage'])).code).toBe(0);
    expect(readFileSync(join(dir, 'profiles/workers.json'), 'utf8')).toBe(flatcar([{ name: 'node-000001', mac: MAC }]));
    // An empty list is filled with a node a line.
    expect(readFileSync(join(dir, 'profiles/storage.json'), 'utf8')).toContain(
      '    { "name": "w1", "serial": "7" }\n  ]',
    );
  });

  test.each([
    [['adopt', MAC, '--profile', 'worker'], 1, 'there is no profile "worker" (did you mean "workers"?)'],
    [['adopt', MAC], 2, 'into which profile? add --profile P'],
    [['adopt', MAC, '--profile', '../x'], 2, '--profile must be the name of a profile'],
    [['adopt', MAC, '--profile', 'workers', '--name', 'W1'], 1, 'profiles/workers.json has a node W1 already'],
    [['adopt', MAC, '--profile', 'workers', '--name', 'a b'], 2, 'this cannot be the name of a node'],
    [['adopt', 'w9', '--profile', 'workers'], 1, 'no machine is called "w9"'],
    [['adopt'], 2, 'expected MAC'],
  ])('%j', async (argv, code, says) => {
    const dir = makeFolder(FILES);
    const done = await runAt(dir, argv);
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(says)]);
    expect(readFileSync(join(dir, 'profiles/workers.json'), 'utf8')).toBe(FILES['profiles/workers.json']);
  });

  test('what the server refuses is told with its place', async () => {
    const setup = await cliSetup({
      adopt: () =>
        Promise.reject(
          new Failure('conflict', 'was saved by somebody else', {
            place: { file: 'profiles/w.json' },
            remedy: 'try again',
          }),
        ),
    });
    const { code, stderr } = await runAt(setup.dir, ['adopt', MAC, '--profile', 'w']);
    expect([code, stderr]).toEqual([1, 'pilotlight adopt: profiles/w.json: was saved by somebody else (try again)\n']);
  });
});
