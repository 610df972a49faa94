import { describe, expect, test } from 'vitest';
import { createWatcher } from '../../../src/cli/commands/nodes.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { MachineRow } from '../../../src/model/views.ts';
import { flatcar, MAC, pageOf } from '../../admin/service/setup.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';

const row = (key: string, more: Partial<MachineRow> = {}): MachineRow => ({
  key,
  state: 'assigned',
  boots: [],
  ...more,
});

function setup(looks: readonly (readonly MachineRow[])[]) {
  const changed: string[] = [];
  const shown: number[] = [];
  let looked = 0;
  const watcher = createWatcher({
    look: () => {
      const rows = looks[Math.min(looked, looks.length - 1)] ?? [];
      looked += 1;
      return Promise.resolve(rows);
    },
    changed: ({ key, state }) => changed.push(`${key} ${state}`),
    shown: (rows) => shown.push(rows.length),
  });
  return { watcher, changed, shown, looked: () => looked };
}

describe('a watcher', () => {
  test('tells all at first, then who is not as before; what only passes by is no change', async () => {
    const end = new AbortController();
    const { watcher, changed, shown } = setup([
      [row('a'), row('b')],
      [row('a', { lastSeen: 5 }), row('b', { state: 'up' })],
    ]);
    await watcher.run(async (again) => {
      await new Promise((resolve) => setImmediate(resolve));
      again();
      await new Promise((resolve) => setImmediate(resolve));
      end.abort();
    }, end.signal);
    expect(changed).toEqual(['a assigned', 'b assigned', 'b up']);
    expect(shown).toEqual([2, 2]);
  });

  test('looks once for many changes at once, and once more for one that came while it looked', async () => {
    const end = new AbortController();
    const { watcher, looked } = setup([[]]);
    await watcher.run(async (again) => {
      for (let i = 0; i < 50; i += 1) again();
      await new Promise((resolve) => setImmediate(resolve));
      expect(looked()).toBe(1);
      again();
      again();
      await new Promise((resolve) => setImmediate(resolve));
      end.abort();
      again();
    }, end.signal);
    expect(looked()).toBe(2);
  });

  test('ends with the failure of a look', async () => {
    const watcher = createWatcher({
      look: () => Promise.reject(new TypeError('gone')),
      changed: () => undefined,
      shown: () => undefined,
    });
    const ended = watcher.run(
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        }),
      new AbortController().signal,
    );
    await expect(ended).rejects.toThrow('gone');
  });

  test('does nothing for who has gone already', async () => {
    const { watcher, looked } = setup([[]]);
    await watcher.run(() => Promise.reject(new TypeError('watched')), AbortSignal.abort());
    expect(looked()).toBe(0);
  });
});

const W1: MachineRow = {
  key: MAC,
  name: 'w1',
  state: 'failed',
  profile: 'workers',
  lastSeen: Date.now() - 600_000,
  boots: [],
};
const FILES = { 'profiles/workers.json': flatcar([{ name: 'w1', mac: MAC }]) };
const machines = () => Promise.resolve(pageOf([W1]));

describe('pilotlight nodes', () => {
  test('over the server that runs', async () => {
    const setup = await cliSetup({ machines });
    const { code, stdout, stderr } = await runAt(setup.dir, [
      'nodes',
      'w',
      '--tag',
      'rack1',
      '--state',
      'failed',
      '--profile',
      'workers',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      'STATE   NAME  MACHINE            PROFILE  SEEN\nfailed  w1    00:1b:21:00:00:01  workers  10 min ago\n',
    );
    expect(setup.adminService.calls).toEqual([
      ['machines', { text: 'w', state: 'failed', profile: 'workers', tag: 'rack1', limit: 500 }],
    ]);
  });

  test('says on stderr that there is no journal, and what to do', async () => {
    const noJournal = 'there is no journal: npm ci --include=optional';
    const setup = await cliSetup({ machines: async () => ({ ...(await machines()), noJournal }) });
    const { code, stdout, stderr } = await runAt(setup.dir, ['nodes']);
    expect([code, stderr]).toEqual([0, `pilotlight: ${noJournal}\n`]);
    expect(stdout).toContain('w1');
    expect((await runAt(setup.dir, ['nodes', '--json'])).stderr).toBe('');
  });

  test('on the files where none runs, and says nothing about that', async () => {
    const { code, stdout, stderr } = await runAt(makeFolder(FILES), ['nodes']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('assigned  w1    00:1b:21:00:00:01  workers  4593.2.5  never');
  });

  test('on a terminal: as wide as it is, with colours unless they are not wanted', async () => {
    const setup = await cliSetup({ machines });
    const wide = await runAt(setup.dir, ['nodes'], { columns: 100 });
    expect(wide.stdout).toContain('\n\u001b[31mfailed\u001b[0m  w1    00:1b:21:00:00:01  workers  10 min ago\n');
    const narrow = await runAt(setup.dir, ['nodes'], { columns: 36, env: { NO_COLOR: '1' } });
    expect(narrow.stdout).toBe('STATE   NAME  MACHINE\nfailed  w1    00:1b:21:00:00:01\n');
  });

  test('for programs', async () => {
    const setup = await cliSetup({ machines });
    const { stdout } = await runAt(setup.dir, ['nodes', '--json']);
    expect(JSON.parse(stdout)).toEqual({ machines: [W1], states: pageOf([W1]).states });
  });

  test("boots by a profile's name stand below the machines, or alone", async () => {
    const lastSeen = Date.now() - 600_000;
    const byProfile = [
      { address: '10.0.0.7', profile: 'a-coreos', boots: 12, firstSeen: 0, lastSeen },
      { address: '10.0.0.9', profile: 'b', boots: 0, firstSeen: 0, lastSeen, waits: 'it installs' },
    ];
    const boots =
      "booted by a profile's name (/?profile=NAME); which machine it was is not known:\n" +
      'ADDRESS   PROFILE   BOOTS  SEEN        WAITS\n' +
      '10.0.0.7  a-coreos  12     10 min ago\n' +
      '10.0.0.9  b         0      10 min ago  it installs\n';
    const beside = await cliSetup({ machines: async () => ({ ...(await machines()), byProfile }) });
    expect((await runAt(beside.dir, ['nodes'])).stdout).toBe(
      `STATE   NAME  MACHINE            PROFILE  SEEN\nfailed  w1    00:1b:21:00:00:01  workers  10 min ago\n\n${boots}`,
    );
    expect(JSON.parse((await runAt(beside.dir, ['nodes', '--json'])).stdout)).toMatchObject({ byProfile });
    const alone = await cliSetup({ machines: async () => ({ ...pageOf([]), byProfile }) });
    expect((await runAt(alone.dir, ['nodes'])).stdout).toBe(boots);
  });

  test('nobody yet, and nobody like that', async () => {
    expect((await runAt(makeFolder(), ['nodes'])).stdout).toMatch(
      /^no machine was seen yet, .* add "nodes" to a profile\n$/,
    );
    expect((await runAt(makeFolder(FILES), ['nodes', 'xyz'])).stdout).toBe('no machine is like that\n');
  });

  test('what is wrong', async () => {
    const bad = await runAt(makeFolder(), ['nodes', '--state', 'happy']);
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('--state must be one of unknown, assigned')]);
    const setup = await cliSetup({
      machines: () => Promise.reject(new Failure('unavailable', 'the journal is off')),
    });
    const off = await runAt(setup.dir, ['nodes']);
    expect([off.code, off.stderr]).toEqual([1, 'pilotlight nodes: the journal is off\n']);
    const wrong = await runAt(setup.dir, ['nodes'], { env: { PILOTLIGHT_ADMIN_TOKEN: 'wrong-wrong-wrong-wrong' } });
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('does not take the admin token (use the one'),
    ]);
  });
});

describe('pilotlight nodes --watch', () => {
  function changing() {
    let row = { ...W1, state: 'booting' as MachineRow['state'] };
    return {
      machines: () => Promise.resolve(pageOf([row])),
      set: (state: MachineRow['state']) => {
        row = { ...row, state };
      },
    };
  }

  async function watched(
    argv: readonly string[],
    terminal: { readonly columns?: number; readonly rows?: number } = {},
  ) {
    const appContext = changing();
    const setup = await cliSetup({ machines: appContext.machines });
    const end = new AbortController();
    const heard = (text: string): void => {
      if (text.includes('booting')) {
        appContext.set('up');
        const tell = (): void => {
          if (setup.adminService.listeners.size === 0) setImmediate(tell);
          else setup.adminService.changed('machines');
        };
        tell();
      } else if (text.includes('up')) end.abort();
    };
    const done = await runAt(setup.dir, ['nodes', '--watch', ...argv], { ...terminal, stop: end.signal, heard });
    expect(done.code).toBe(0);
    return done.stdout;
  }

  test('a line for each change, where it is no terminal', async () => {
    const lines = (await watched([])).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}booting {2}w1 {4}00:1b:21:00:00:01 {2}workers/);
    expect(lines[1]).toMatch(/ {2}up {5}w1/);
  });

  test('an object for each change, for programs', async () => {
    const lines = (await watched(['--json'], { columns: 80 })).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as MachineRow).state)).toEqual(['booting', 'up']);
  });

  test('the whole list, again and again, on a terminal', async () => {
    const text = await watched([], { columns: 80, rows: 24 });
    expect(text.startsWith('\u001b[2J\u001b[HSTATE')).toBe(true);
    expect(text.split('\u001b[H')).toHaveLength(3);
    expect(text.endsWith('\u001b[J')).toBe(true);
    expect(text).toContain('\u001b[32mup\u001b[0m');
  });

  test('no more than the terminal has lines', async () => {
    const end = new AbortController();
    const rows = Array.from({ length: 50 }, (_, i): MachineRow => ({ ...W1, key: `serial:${i}` }));
    const setup = await cliSetup({ machines: () => Promise.resolve(pageOf(rows)) });
    const { stdout } = await runAt(setup.dir, ['nodes', '--watch'], {
      columns: 80,
      rows: 10,
      stop: end.signal,
      heard: (text) => {
        if (text.includes('more')) end.abort();
      },
    });
    expect(stdout.split('\n')).toHaveLength(10);
    expect(stdout).toContain('... and 43 more');
  });
});
