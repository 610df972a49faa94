import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SILENT } from '../../src/model/log.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { readState, writeState } from '../../src/releases/state-file.ts';
import { makeFolder } from '../support/folder.ts';

const STATE = { holds: { a: { version: '1', until: 'unpinned' } }, accepted: {} } as const;

it('gives back what was written, and writes nothing twice', async () => {
  const dir = makeFolder();
  const root = await openDataRoot(dir);
  expect(await readState(root, SILENT)).toEqual({ holds: {}, accepted: {} });
  await writeState(root, STATE);
  const file = join(dir, 'state/sync.json');
  const before = statSync(file, { bigint: true }).ctimeNs;
  await writeState(root, STATE);
  expect(statSync(file, { bigint: true }).ctimeNs).toBe(before);
  expect(await readState(root, SILENT)).toEqual(STATE);
});

it('a broken file is loud, counts as empty, and is kept beside the next one', async () => {
  const dir = makeFolder({ 'state/sync.json': 'garbage' });
  const root = await openDataRoot(dir);
  const errors: string[] = [];
  const log = { ...SILENT, error: (_: unknown, message: string) => errors.push(message) };
  expect(await readState(root, log)).toEqual({ holds: {}, accepted: {} });
  expect(errors).toHaveLength(1);
  expect(readFileSync(join(dir, 'state/sync.json'), 'utf8')).toBe('garbage');
  await writeState(root, STATE);
  expect(readFileSync(join(dir, 'state/sync.json.broken'), 'utf8')).toBe('garbage');
});

it('what cannot be read at all is a failure, not an empty state', async () => {
  const dir = makeFolder({ 'state/sync.json/x': '' });
  const root = await openDataRoot(dir);
  await expect(readState(root, SILENT)).rejects.toMatchObject({ code: 'refused' });
  writeFileSync(join(dir, 'state/x'), '');
  await expect(writeState(root, STATE)).rejects.toMatchObject({ code: 'refused' });
});
