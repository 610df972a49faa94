import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/catalog/snapshot.ts';
import { createProfileCheck } from '../../src/catalog/profile-schema.ts';
import { DOCUMENT_KINDS } from '../../src/model/profile.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { catalogOf, until } from './data-folder.ts';

const check = createProfileCheck();
const root =
  (name: string, value: string) =>
  (snapshot: Snapshot): boolean =>
    snapshot.profiles.get(name)?.root === value;

test('case 06-coreos-ipxe-server-folder: edits in a folder are heard, also in one that is new', async () => {
  const dir = makeFolder({ 'profiles/lab/a.json': { root: 'v1' } });
  // Longer than any test: what is seen was heard, not found by looking again.
  const catalog = await catalogOf(dir, { pollMs: 600_000 });
  await catalog.start();
  try {
    expect(root('lab/a', 'v1')(catalog.current())).toBe(true);
    addFiles(dir, { 'profiles/lab/a.json': { root: 'v2' } });
    await until(catalog, root('lab/a', 'v2'));
    addFiles(dir, { 'profiles/new/b.json': { root: 'v1' }, 'configs/new/b.yml': '#cloud-config\n' });
    await until(catalog, root('new/b', 'v1'));
    addFiles(dir, { 'profiles/new/b.json': { root: 'v2' } });
    await until(catalog, root('new/b', 'v2'));
    await until(catalog, ({ documents }) => documents.has('new/b.yml'));
    rmSync(join(dir, 'profiles/new'), { recursive: true });
    await until(catalog, ({ profiles }) => !profiles.has('new/b'));
  } finally {
    await catalog.stop(AbortSignal.timeout(1000));
  }
});

test('a document and a key may be in a folder; only a key, which is in no URL, may have a blank in its name', () => {
  for (const key of [...DOCUMENT_KINDS, 'sshkey']) expect(check({ [key]: 'lab/52:54.yml' }), key).toEqual([]);
  expect(check({ version: 'a/b' })).toHaveLength(1);
  expect(check({ sshkey: 'lab/my key' })).toEqual([]);
  expect(check({ cloud_config: 'my doc' })).toHaveLength(1);
  expect(check({ ignition: 'my doc' })).toHaveLength(1);
});
