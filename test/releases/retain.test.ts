import { mkdir, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShelfRelease } from '../../src/images/manifest.ts';
import { auditRelease, listReleases, planRetention, removeRelease } from '../../src/releases/retain.ts';
import { hex } from '../support/upstream-formats.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';

it('compares every file with what was recorded', async () => {
  const bench = await makeBench();
  const folder = join(bench.dir, 'images/x/1');
  await mkdir(folder, { recursive: true });
  const record = { size: 3, sha256: hex('sha256', 'abc') };
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), 'abc');
  await writeFile(join(folder, '.pilotlight.json'), JSON.stringify({ files: { a: record, b: record, c: record } }));
  await writeFile(join(folder, 'b'), 'abd');
  await rm(join(folder, 'c'));
  expect(await auditRelease(bench.root, 'x/1')).toEqual([
    { path: 'x/1/a', state: 'good' },
    { path: 'x/1/b', state: 'changed' },
    { path: 'x/1/c', state: 'missing' },
  ]);
  await expect(auditRelease(bench.root, 'x/2')).rejects.toMatchObject({ code: 'not-found' });
  await bench.remove();
});

const release = (version: string, series = 'flatcar/stable/amd64'): ShelfRelease => ({
  shelf: `flatcar/amd64/${version}`,
  series,
  version,
  size: 1,
});
const unused = { profiles: new Map<string, string[]>(), booted: new Set<string>() };

describe('planRetention', () => {
  it('keeps the newest of every series, by number and not by letter', () => {
    const all = [release('9.9.9'), release('10.0.0'), release('10.0.1'), release('1.0.0', 'flatcar/beta/amd64')];
    const { keep, remove } = planRetention(all, unused, 2);
    expect(keep.map(({ release: { version } }) => version)).toEqual(['10.0.1', '10.0.0', '1.0.0']);
    expect(remove.map(({ version }) => version)).toEqual(['9.9.9']);
  });
  it('keeps what is in use, and says why', () => {
    const all = ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0'].map((version) => release(version));
    const inUse = {
      profiles: new Map([['flatcar/amd64/1.0.0', ['a', 'b']]]),
      booted: new Set(['flatcar/amd64/2.0.0']),
    };
    const { keep, remove } = planRetention(all, inUse, 1);
    expect(Object.fromEntries(keep.map(({ release: { version }, because }) => [version, because]))).toEqual({
      '5.0.0': ['one of the 1 newest of flatcar/stable/amd64'],
      '2.0.0': ['booted lately'],
      '1.0.0': ['profile a', 'profile b'],
    });
    expect(remove.map(({ version }) => version)).toEqual(['4.0.0', '3.0.0']);
  });
});

describe('on the disk', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.remove());

  async function publish(shelf: string, manifest: unknown): Promise<void> {
    const folder = join(bench.dir, 'images', shelf);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'kernel'), 'abc');
    await writeFile(
      join(folder, '.pilotlight.json'),
      typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
    );
  }
  const good = {
    system: 'flatcar',
    channel: 'stable',
    arch: 'amd64',
    version: '1.0.0',
    files: { kernel: { size: 3, sha256: 'a'.repeat(64) } },
  };

  it('lists what we published and nothing else', async () => {
    await publish('flatcar/amd64/1.0.0', good);
    await publish('amd64-usr/1.0.0', { ...good, system: 'coreos' });
    await publish('flatcar/amd64/2.0.0', 'damaged');
    await publish('flatcar/amd64/3.0.0', { ...good, version: '../x' });
    await mkdir(join(bench.dir, 'images/amd64-usr/by-hand'));
    await publish('.drafts/x', good);
    await symlink(join(bench.dir, 'images/flatcar'), join(bench.dir, 'images/link'));
    expect((await listReleases(bench.root)).map(({ shelf, series, size }) => [shelf, series, size])).toEqual([
      ['amd64-usr/1.0.0', 'coreos/stable/amd64', 3],
      ['flatcar/amd64/1.0.0', 'flatcar/stable/amd64', 3],
    ]);
  });

  it('has nothing to list without images/', async () => {
    await bench.remove();
    await mkdir(bench.dir);
    expect(await listReleases(bench.root)).toEqual([]);
  });

  it('removes a release while somebody reads it', async () => {
    await publish('flatcar/amd64/1.0.0', good);
    const reader = await open(join(bench.dir, 'images/flatcar/amd64/1.0.0/kernel'));
    await removeRelease(bench.root, release('1.0.0'));
    expect(await readdir(join(bench.dir, 'images/flatcar/amd64'))).toEqual([]);
    expect((await reader.readFile()).toString()).toBe('abc');
    await reader.close();
    expect(await readdir(join(bench.dir, 'images/.drafts/removed'))).toEqual([]);
  });

  it('removes nothing through a link out of the data directory', async () => {
    const other = await makeBench();
    await mkdir(join(bench.dir, 'images/flatcar/amd64'), { recursive: true });
    await symlink(other.dir, join(bench.dir, 'images/flatcar/amd64/1.0.0'));
    await expect(removeRelease(bench.root, release('1.0.0'))).rejects.toMatchObject({ code: 'refused' });
    expect(await readdir(other.dir)).toEqual(['images']);
    await other.remove();
  });
});
