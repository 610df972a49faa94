import { describe, expect, it } from 'vitest';
import { createArrivals } from '../../src/images/arrivals.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import type { ProgressNote, TargetProgress } from '../../src/images/download-progress.ts';
import { addFiles, makeFolder } from '../support/folder.ts';

const MIB = 2 ** 20;

async function told(running: boolean, target: Partial<TargetProgress>): Promise<readonly string[]> {
  const dir = makeFolder();
  const whole: TargetProgress = {
    profiles: ['seed'],
    state: 'fetching',
    version: '1.2.3',
    received: 0,
    size: 0,
    ...target,
  };
  const note: ProgressNote = { running, at: 5000, targets: { t: whole } };
  addFiles(dir, { 'state/sync-progress.json': note });
  return await createArrivals(await openDataRoot(dir), () => 6000)('seed');
}

describe('what a machine that waits is told of the sync', () => {
  it.each<[boolean, Partial<TargetProgress>, readonly string[]]>([
    [true, { state: 'waiting' }, ['The release sync is at work and will come to this one.']],
    [true, { received: 37 * MIB, size: 100 * MIB }, ['The release sync fetches version 1.2.3: 37 % of 100 MiB']],
    [true, { received: 37 * MIB }, ['The release sync fetches version 1.2.3: 37 MiB']],
    [true, { state: 'verifying' }, ['The release sync verifies version 1.2.3.']],
    [true, { state: 'published' }, ['The release sync has published version 1.2.3.']],
    [true, { state: 'failed', message: 'no' }, ['The release sync failed: no']],
    [false, { state: 'failed', message: 'no' }, ['The last release sync failed: no']],
    [false, { state: 'fetching' }, ['The last release sync did not finish.']],
    [false, { state: 'published' }, []],
    [true, { profiles: ['other'] }, []],
  ])('running: %s, %j', async (running, target, lines) => {
    expect(await told(running, target)).toEqual(lines);
  });

  it('nothing when there was no sync; and the file is read once a second, however many wait', async () => {
    const dir = makeFolder();
    let now = 10_000;
    const arriving = createArrivals(await openDataRoot(dir), () => now);
    expect(await arriving('seed')).toEqual([]);
    const target: TargetProgress = { profiles: ['seed'], state: 'waiting', received: 0, size: 0 };
    addFiles(dir, { 'state/sync-progress.json': { running: true, at: now, targets: { t: target } } });
    now += 999;
    expect(await arriving('seed')).toEqual([]);
    now += 1;
    expect(await arriving('seed')).toHaveLength(1);
  });
});
