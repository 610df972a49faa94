import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type LivingCatalog, openCatalog } from '../../src/catalog/catalog.ts';
import type { Watch } from '../../src/catalog/folder-watch.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { parseMac } from '../../src/model/machine.ts';
import { SILENT } from '../../src/model/service.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { lines, read, until } from './data-folder.ts';

// How many files a look costs: what a watcher names, and of the others a few in turn.

const FILES = 600;
const NEVER = 600_000;

interface Setup {
  readonly dir: string;
  readonly catalog: LivingCatalog;
  /** The profiles that were asked about since the last call, sorted. */
  readonly looked: () => readonly string[];
  /** A watcher of this folder speaks. */
  readonly report: (folder: string, name?: string) => void;
}

async function setup(pollMs = NEVER): Promise<Setup> {
  const profiles = Array.from({ length: FILES }, (_, i) => [`profiles/p${i}.json`, { root: 'v1' }] as const);
  const dir = makeFolder({ ...Object.fromEntries(profiles), 'profiles/lab/a.json': { root: 'v1' } });
  const looked = new Set<string>();
  const files = await openDataRoot(dir);
  const counted: typeof files = {
    ...files,
    stat: async (file) => {
      if (file.endsWith('.json')) looked.add(file);
      return await files.stat(file);
    },
  };
  const reports = new Map<string, (name?: string) => void>();
  const watch: Watch = (path, onChange) => {
    reports.set(path, onChange);
    return { close: () => undefined };
  };
  const inspector = { document: () => [], profile: () => [] };
  // Later than any file was written: what was read is trusted.
  const now = (): number => Date.now() + 3_600_000;
  const catalog = openCatalog({ files: counted, inspector, log: SILENT, watch, now, pollMs });
  await catalog.start();
  onTestFinished(() => catalog.stop(AbortSignal.abort()));
  looked.clear();
  return {
    dir,
    catalog,
    looked: () => {
      const names = [...looked].toSorted();
      looked.clear();
      return names;
    },
    report: (folder, name) => reports.get(join(dir, folder))?.(name),
  };
}

async function isInForce({ catalog }: Setup, name: string, value: string): Promise<void> {
  await until(catalog, ({ profiles }) => profiles.get(name)?.root === value);
}

test('what a watcher names is looked at, and nothing else', async () => {
  const own = await setup();
  expect(own.looked()).toEqual([]);
  addFiles(own.dir, { 'profiles/p7.json': { root: 'v2' }, 'profiles/p8.json': { root: 'v2' } });
  own.report('profiles', 'p7.json');
  await isInForce(own, 'p7', 'v2');
  expect(own.looked()).toEqual(['profiles/p7.json']);
  expect(own.catalog.current().profiles.get('p8')?.root).toBe('v1');
});

test('also a new file and one that went', async () => {
  const own = await setup();
  addFiles(own.dir, { 'profiles/new.json': { root: 'v1' } });
  renameSync(join(own.dir, 'profiles/p1.json'), join(own.dir, 'gone'));
  own.report('profiles', 'new.json');
  await isInForce(own, 'new', 'v1');
  expect(own.catalog.current().profiles.has('p1')).toBe(false);
  expect(own.looked()).toEqual([]);
});

test('a folder that is named may be another one, with other files of the same names', async () => {
  const own = await setup();
  addFiles(own.dir, { 'other/a.json': { root: 'v2' } });
  renameSync(join(own.dir, 'profiles/lab'), join(own.dir, 'old'));
  renameSync(join(own.dir, 'other'), join(own.dir, 'profiles/lab'));
  own.report('profiles', 'lab');
  await isInForce(own, 'lab/a', 'v2');
});

test('everything is looked at where a watcher knows no name, where there were very many, and where one asks', async () => {
  const own = await setup();
  addFiles(own.dir, { 'profiles/p9.json': { root: 'v2' } });
  own.report('profiles');
  await isInForce(own, 'p9', 'v2');
  expect(own.looked()).toHaveLength(FILES + 1);
  addFiles(own.dir, { 'profiles/p9.json': { root: 'v3' } });
  for (let i = 0; i <= 1000; i += 1) own.report('profiles', `x${i}.json`);
  await isInForce(own, 'p9', 'v3');
  expect(own.looked()).toHaveLength(FILES + 1);
  await own.catalog.refresh();
  expect(own.looked()).toHaveLength(FILES + 1);
});

test('one file may name 30,000 machines, and each is found; a list that is too long is refused in one line', async () => {
  const nodes = Array.from({ length: 30_000 }, (_, i) => ({ name: `n${i}`, mac: macOf(i) }));
  const folder = makeFolder({ 'profiles/all.json': { nodes } });
  const files = await openDataRoot(folder);
  const inspector = { document: () => [], profile: () => [] };
  const catalog = openCatalog({ files, inspector, log: SILENT, pollMs: NEVER });
  await catalog.start();
  onTestFinished(() => catalog.stop(AbortSignal.abort()));
  const snapshot = catalog.current();
  expect(snapshot.problems.filter(({ place }) => place.file === 'profiles/all.json')).toEqual([]);
  for (const i of [0, 20_001, 29_999]) {
    expect(snapshot.match({ mac: parseMac(macOf(i)) })).toMatchObject({ node: { name: `n${i}` } });
  }
  expect(lines(read(JSON.stringify({ console: Array.from({ length: 40 }, () => 'ttyS0') })).problems)).toContainEqual(
    expect.stringContaining('holds 40, which is more than'),
  );
});

function macOf(index: number): string {
  const bytes = [index >> 16, (index >> 8) & 255, index & 255];
  return `52:54:00:${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

test('a change that no watcher names is found all the same: each poll looks at some, and all get their turn', async () => {
  const own = await setup(30);
  addFiles(own.dir, { 'profiles/p599.json': { root: 'v2' } });
  await isInForce(own, 'p599', 'v2');
  own.looked();
  const sizes: number[] = [];
  const all = new Set<string>();
  while (all.size <= FILES) {
    await setTimeout(5);
    const names = own.looked();
    if (names.length > 0) sizes.push(names.length);
    for (const name of names) all.add(name);
  }
  expect(Math.min(...sizes)).toBeLessThanOrEqual(256);
});
