import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { createDownloadProgress, createProgress, type ProgressNote, readProgress, type TargetProgress, writeProgress } from '../../src/images/download-progress.ts';
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
  return await createDownloadProgress(await openDataRoot(dir), () => 6000)('seed');
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
    const downloadProgress = createDownloadProgress(await openDataRoot(dir), () => now);
    expect(await downloadProgress('seed')).toEqual([]);
    const target: TargetProgress = { profiles: ['seed'], state: 'waiting', received: 0, size: 0 };
    addFiles(dir, { 'state/sync-progress.json': { running: true, at: now, targets: { t: target } } });
    now += 999;
    expect(await downloadProgress('seed')).toEqual([]);
    now += 1;
    expect(await downloadProgress('seed')).toHaveLength(1);
  });
});

const T = 'flatcar/stable/amd64';

describe('createProgress', () => {
  it('follows a target from the plan to the shelf', () => {
    const progress = createProgress();
    const now = () => progress.targets()[T];
    progress.on({ kind: 'plan', targets: [{ target: T, system: 'flatcar', profiles: ['seed'] }], skipped: [] });
    expect(now()).toEqual({ profiles: ['seed'], state: 'waiting', received: 0, size: 0 });
    progress.on({ kind: 'found', target: T, version: '1.2.3', shelf: 's', files: 2, profiles: ['seed'] });
    progress.on({ kind: 'download', target: T, file: 'a', received: 10, size: 40 });
    expect(now()).toMatchObject({ state: 'fetching', version: '1.2.3', received: 10, size: 40 });
    progress.on({ kind: 'download', target: T, file: 'b', received: 5 });
    expect(now()).toMatchObject({ state: 'fetching', received: 15, size: 0 });
    progress.on({ kind: 'verified', target: T, file: 'a', size: 40, by: 'x' });
    progress.on({ kind: 'download', target: T, file: 'b', received: 60, size: 60 });
    expect(now()).toMatchObject({ state: 'verifying', received: 100, size: 100 });
    progress.on({ kind: 'published', target: T, shelf: 's' });
    expect(now()).toMatchObject({ state: 'published' });
    progress.on({ kind: 'failed', target: T, message: 'no' });
    expect(now()).toMatchObject({ state: 'failed', message: 'no', profiles: ['seed'] });
  });

  it('one file of two is not all of them', () => {
    const progress = createProgress();
    progress.on({ kind: 'found', target: T, version: '1', shelf: 's', files: 2, profiles: [] });
    progress.on({ kind: 'download', target: T, file: 'a', received: 40, size: 40 });
    expect(progress.targets()[T]).toMatchObject({ state: 'fetching' });
  });
});

describe('the note', () => {
  it('is there for other processes while the run lives, and says when it is over', async () => {
    const dir = makeFolder();
    const root = await openDataRoot(dir);
    const note = writeProgress(
      root,
      () => 1000,
      (error) => expect.fail(String(error)),
    );
    note.on({ kind: 'plan', targets: [{ target: T, system: 'flatcar', profiles: ['seed'] }], skipped: [] });
    await expect
      .poll(() => readProgress(root, 2000))
      .toMatchObject({ running: true, targets: { [T]: { state: 'waiting' } } });
    // Killed: nobody writes any more.
    expect(await readProgress(root, 17_000)).toMatchObject({ running: false });
    await note.stop();
    expect(JSON.parse(readFileSync(join(dir, 'state/sync-progress.json'), 'utf8'))).toMatchObject({ running: false });
  });

  it('that it cannot be written is heard, and stops nothing', async () => {
    const root = await openDataRoot(makeFolder({ 'state/sync-progress.json/x': '' }));
    const heard: unknown[] = [];
    const note = writeProgress(
      root,
      () => 1,
      (error) => heard.push(error),
    );
    note.on({ kind: 'plan', targets: [], skipped: [] });
    await note.stop();
    expect(heard).toHaveLength(2);
    expect(await readProgress(root, 1)).toBeUndefined();
  });

  it.each(['', '[]', 'null', '{"running":1}', '{"running":true,"at":"x"}', '{"running":true,"at":1,"targets":null}'])(
    'a broken note (%j) is none',
    async (text) => {
      const dir = makeFolder();
      addFiles(dir, { 'state/sync-progress.json': text });
      expect(await readProgress(await openDataRoot(dir), 1)).toBeUndefined();
    },
  );
});
