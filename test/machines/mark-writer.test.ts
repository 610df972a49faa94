import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { MarkWriter } from '../../src/machines/mark-writer.ts';
import { makeFolder } from '../support/folder.ts';
import { recordLog } from '../support/http-house.ts';

async function open(retryMs?: number) {
  const dir = makeFolder();
  const log = recordLog();
  const writer = new MarkWriter(await openDataRoot(dir), log, retryMs);
  const file = join(dir, 'state/machines/a.json');
  return { dir, log, writer, file, state: join(dir, 'state') };
}

it('makes the folder, replaces and removes', async () => {
  const { writer, file, log } = await open();
  await writer.put('a.json', 'one');
  expect(readFileSync(file, 'utf8')).toBe('one');
  await Promise.all([writer.put('a.json', 'two'), writer.put('b.json', 'x'), writer.put('a.json', 'three')]);
  expect(readFileSync(file, 'utf8')).toBe('three');
  expect(readdirSync(join(file, '..'))).toEqual(['a.json', 'b.json']);
  await writer.put('a.json', undefined);
  await writer.put('never.json', undefined);
  expect(existsSync(file)).toBe(false);
  expect(log.lines).toEqual([]);
});

it('says once what cannot be written, and tries again until it can', async () => {
  const { writer, file, log, state } = await open(5);
  writeFileSync(state, 'not a folder');
  await writer.put('a.json', 'one');
  await writer.put('b.json', 'two');
  await writer.put('a.json', 'three');
  expect(log.of('error')).toHaveLength(1);
  expect(log.of('error')[0]?.fields).toMatchObject({ file: 'state/machines/a.json' });
  rmSync(state);
  await vi.waitFor(() => {
    expect([readFileSync(file, 'utf8'), readFileSync(join(file, '../b.json'), 'utf8')]).toEqual(['three', 'two']);
  });
  await vi.waitFor(() => {
    expect(log.of('info')).toHaveLength(1);
  });
  expect(log.of('error')).toHaveLength(1);
});

it('tries once more when the server stops, and then no more', async () => {
  const { writer, file, log, state } = await open();
  writeFileSync(state, 'not a folder');
  await writer.put('a.json', 'one');
  rmSync(state);
  mkdirSync(state);
  await writer.close();
  expect(readFileSync(file, 'utf8')).toBe('one');
  expect(log.of('info')).toHaveLength(1);
});
