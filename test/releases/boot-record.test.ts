import { expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { bootedLately, createBootRecord, readBootTimes } from '../../src/releases/boot-record.ts';
import { addFiles, makeFolder } from '../support/folder.ts';

const DAY = 86_400_000;

it('seven days count, and so does the future', () => {
  const times = { old: 0, edge: 3 * DAY + 1, future: 99 * DAY };
  expect([...bootedLately(times, 10 * DAY)]).toEqual(['edge', 'future']);
});

it('remembers across processes, the newest time of each shelf', async () => {
  const root = await openDataRoot(makeFolder());
  let now = 1000;
  const record = createBootRecord(root, () => now);
  await record.save();
  expect(await readBootTimes(root)).toEqual({});
  record.booted('flatcar/amd64/1');
  now = 2000;
  record.booted('flatcar/amd64/1');
  record.booted('flatcar/amd64/2');
  await record.save();
  const other = createBootRecord(root, () => 3000);
  other.booted('flatcar/amd64/2');
  await other.save();
  expect(await readBootTimes(root)).toEqual({ 'flatcar/amd64/1': 2000, 'flatcar/amd64/2': 3000 });
});

it.each(['x', '[]', 'null', '{"a":"b"}'])('a broken file (%s) counts as empty', async (text) => {
  const dir = makeFolder();
  addFiles(dir, { 'state/booted.json': text });
  expect(await readBootTimes(await openDataRoot(dir))).toEqual({});
});
