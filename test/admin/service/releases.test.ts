import { describe, expect, test } from 'vitest';
import { publishedReleases, releasesView } from '../../../src/admin/service/releases.ts';
import { createSyncProgress } from '../../../src/images/sync-progress.ts';
import { flatcar, NOW, adminSetup } from './setup.ts';

const file = (evidence: object | undefined) => ({ size: 1, sha256: '0'.repeat(64), evidence });
const about = { system: 'flatcar', channel: 'stable', arch: 'amd64' };

test('why each release is believed, and that a broken profile keeps everything', async () => {
  const setup = await adminSetup({
    'profiles/bad.json': '{',
    'profiles/w.json': flatcar(),
    'images/flatcar/amd64/9.9.9/.pilotlight.json': {
      ...about,
      version: '9.9.9',
      files: { a: file({ digests: ['sha256'] }), b: file({ digests: ['sha512', 'sha256'] }), c: file(undefined) },
    },
    'images/flatcar/amd64/10.0.0/.pilotlight.json': { ...about, version: '10.0.0', files: { a: file(undefined) } },
    'images/flatcar/amd64/1.0.0/.pilotlight.json': { ...about, version: '1.0.0', files: {} },
    'images/own/1.0.0/file': 'x',
    'state/booted.json': { 'flatcar/amd64/9.9.9': NOW - 1000 },
  });
  const found = await publishedReleases(setup.deps);
  expect(found.map(({ version, verified, keptBecause, series }) => [version, verified, keptBecause, series])).toEqual([
    ['10.0.0', undefined, ['one of the 2 newest of flatcar/stable/amd64'], 'flatcar/stable/amd64'],
    [
      '9.9.9',
      'SHA256 and SHA512 of the publisher',
      ['one of the 2 newest of flatcar/stable/amd64', 'booted lately'],
      'flatcar/stable/amd64',
    ],
    ['1.0.0', undefined, ['profiles/bad.json is broken and may name it'], 'flatcar/stable/amd64'],
  ]);
});

const TARGET = 'flatcar/stable/amd64';

function manifest(version: string, more: object = {}): object {
  const evidence = {
    signature: { primary: 'A'.repeat(40), key: 'k', signedAt: 1, hash: 'sha512' },
    digests: ['sha512'],
  };
  return {
    system: 'flatcar',
    channel: 'stable',
    arch: 'amd64',
    version,
    publishedAt: '2026-11-20T12:00:00.000Z',
    files: { 'a.vmlinuz': { size: 10, sha256: '0'.repeat(64), evidence } },
    ...more,
  };
}

const SHELF = 'images/flatcar/amd64';
const FILES = {
  'profiles/w.json': flatcar([], { version: '2.0.0' }),
  [`${SHELF}/1.0.0/.pilotlight.json`]: manifest('1.0.0'),
  [`${SHELF}/2.0.0/.pilotlight.json`]: manifest('2.0.0'),
  [`${SHELF}/0.9.0/.pilotlight.json`]: manifest('0.9.0', { publishedAt: 'x', files: {} }),
};

describe('the releases', () => {
  test('each channel with its profiles, and its shelves with what keeps them, newest first', async () => {
    const setup = await adminSetup(FILES);
    expect((await releasesView(setup.deps)).targets).toEqual([
      {
        target: TARGET,
        profiles: ['w'],
        shelves: [
          {
            shelf: 'flatcar/amd64/2.0.0',
            version: '2.0.0',
            size: 10,
            publishedAt: Date.UTC(2026, 10, 20, 12),
            verified: `signed by ${'A'.repeat(40)}, SHA512 of the publisher`,
            keptBecause: ['profile w', `one of the 2 newest of ${TARGET}`],
          },
          expect.objectContaining({ version: '1.0.0', keptBecause: [`one of the 2 newest of ${TARGET}`] }),
          { shelf: 'flatcar/amd64/0.9.0', version: '0.9.0', size: 0, keptBecause: [] },
        ],
      },
    ]);
  });

  test('what nobody follows, what is held, what is pinned, what never syncs', async () => {
    const setup = await adminSetup({
      ...FILES,
      'profiles/w.json': flatcar([], { version: '2.0.0', channel: 'beta' }),
      'profiles/h.json': flatcar([], { version: '1.0.0', channel: 'beta' }),
      'profiles/m.json': flatcar([], { version: '1.0.0', channel: 'alpha', update: 'manual' }),
      'profiles/own.json': { system: 'custom', kernel: 'memtest/memtest.efi' },
      'state/sync.json': { holds: { h: { version: '1.0.0', until: 'next', above: '2.0.0' } }, accepted: {} },
    });
    const { targets } = await releasesView(setup.deps);
    expect(targets.map(({ target, profiles, held }) => [target, profiles, held])).toEqual([
      ['flatcar/alpha/amd64', ['m'], 'm: its "update" is "manual"'],
      ['flatcar/beta/amd64', ['h', 'w'], 'h: rolled back to 1.0.0: held until something newer than 2.0.0 is published'],
      [TARGET, [], undefined],
    ]);
  });

  test('what a run does now, and what failed in the last one', async () => {
    const setup = await adminSetup(FILES);
    const view = async () => {
      const { running, targets } = await releasesView(setup.deps);
      return [running, targets[0]?.progress];
    };
    const profiles = ['w'];
    const first = setup.syncProgress.begin(1);
    first.emit({ kind: 'plan', targets: [{ target: TARGET, system: 'flatcar', profiles }], skipped: [] });
    first.emit({ kind: 'found', target: TARGET, version: '3.0.0', shelf: 's', files: 1, profiles });
    first.emit({ kind: 'download', target: TARGET, file: 'f', received: 5, size: 9 });
    expect(await view()).toEqual([true, { state: 'fetching', version: '3.0.0', received: 5, size: 9 }]);
    first.emit({ kind: 'published', target: TARGET, shelf: 's' });
    first.end({ kind: 'done' });
    expect(await view()).toEqual([false, undefined]);
    const second = setup.syncProgress.begin(2);
    second.emit({ kind: 'plan', targets: [{ target: TARGET, system: 'flatcar', profiles }], skipped: [] });
    second.emit({ kind: 'failed', target: TARGET, message: 'no' });
    second.end({ kind: 'done' });
    expect(await view()).toEqual([false, { state: 'failed', message: 'no', received: 0, size: 0 }]);
  });

  test('when the next run is, and how the last ones went', async () => {
    const run = { run: 1, failed: 0, steps: [] };
    const setup = await adminSetup(
      {},
      { sync: { progress: createSyncProgress(), nextRun: () => NOW + 5, runNow: () => false } },
    );
    setup.journal.runs = [run];
    const settings = { ...setup.deps.settings, sync: { ...setup.deps.settings.sync, schedule: '17 4 * * *' } };
    expect(await releasesView({ ...setup.deps, settings })).toEqual({
      running: false,
      schedule: '17 4 * * *',
      nextRun: NOW + 5,
      targets: [],
      runs: [run],
    });
    setup.journal.on = false;
    expect((await releasesView(setup.deps)).runs).toEqual([]);
  });
});
