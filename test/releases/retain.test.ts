import { mkdir, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_SNAPSHOT } from '../../src/catalog/snapshot.ts';
import type { ShelfRelease } from '../../src/images/manifest.ts';
import {
  auditRelease,
  listReleases,
  planRetention,
  removeRelease,
  retain,
  retentionPlan,
} from '../../src/releases/retain.ts';
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
  it('what was placed by hand stays, says how it is known, and takes no place among the newest', () => {
    const byHand = { byHand: true } as const;
    const all: ShelfRelease[] = [
      { ...release('9.0.0'), ...byHand },
      { ...release('8.0.0'), ...byHand, digestsGiven: true },
      release('7.0.0'),
      release('6.0.0'),
    ];
    const { keep, remove } = planRetention(all, unused, 1);
    expect(keep.map(({ release: { version }, because }) => [version, ...because])).toEqual([
      ['9.0.0', 'by hand, not verified: it stays until you remove it'],
      ['8.0.0', 'by hand, with its digests: it stays until you remove it'],
      ['7.0.0', 'one of the 1 newest of flatcar/stable/amd64'],
    ]);
    expect(remove.map(({ version }) => version)).toEqual(['6.0.0']);
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

  it('adds up what a release holds, and knows whether its version was signed', async () => {
    const file = (size: number) => ({ size, sha256: 'a'.repeat(64) });
    const two = { kernel: file(3), initrd: file(40) };
    await publish('flatcar/amd64/1.0.0', { ...good, files: two, versionSignedAt: 1_700_000_000 });
    await publish('flatcar/amd64/2.0.0', { ...good, version: '2.0.0', versionSignedAt: '1700000000' });
    const found = await listReleases(bench.root);
    expect(found.map(({ version, size, versionSigned }) => [version, size, versionSigned])).toEqual([
      ['1.0.0', 43, true],
      ['2.0.0', 3, undefined],
    ]);
  });

  it('knows what came by hand, and the series of what is for no processor', async () => {
    const { arch, ...custom } = { ...good, system: 'custom', channel: 'rescue' };
    expect(arch).toBe('amd64');
    await publish('custom/rescue/1', { ...custom, version: '1', byHand: true, digestsGiven: true });
    await publish('custom/rescue/2', { ...custom, version: '2', byHand: true });
    await publish('custom/rescue/3', { ...custom, version: '3', byHand: 'yes', digestsGiven: true });
    expect(await listReleases(bench.root)).toEqual([
      { shelf: 'custom/rescue/1', series: 'custom/rescue', version: '1', size: 3, byHand: true, digestsGiven: true },
      { shelf: 'custom/rescue/2', series: 'custom/rescue', version: '2', size: 3, byHand: true },
      { shelf: 'custom/rescue/3', series: 'custom/rescue', version: '3', size: 3 },
    ]);
  });

  it('a place of images that cannot be listed is a failure, not an empty one', async () => {
    await rm(join(bench.dir, 'images'), { recursive: true });
    await writeFile(join(bench.dir, 'images'), '');
    await expect(listReleases(bench.root)).rejects.toThrow();
  });

  it('looks no deeper than a release lies, and not below one', async () => {
    await publish('a/b/c', good);
    await publish('a/b/c/d', good);
    await publish('e/f/g/h', good);
    expect((await listReleases(bench.root)).map(({ shelf }) => shelf)).toEqual(['a/b/c']);
  });

  it('removes nothing while a profile cannot be read, and says which', async () => {
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) await publish(`flatcar/amd64/${version}`, { ...good, version });
    const input = { snapshot: EMPTY_SNAPSHOT, keep: 1, now: 0 };
    const plan = await retentionPlan(bench.root, input);
    expect(plan.remove.map(({ version }) => version)).toEqual(['2.0.0', '1.0.0']);
    expect(plan.hindered).toBeUndefined();

    const broken = { severity: 'error' as const, message: 'x', place: { file: 'profiles/bad.json' } };
    const spared = await retentionPlan(bench.root, { ...input, snapshot: { ...EMPTY_SNAPSHOT, problems: [broken] } });
    expect(spared).toMatchObject({ remove: [], hindered: 'profiles/bad.json is broken and may name it' });
    expect(spared.keep.map(({ release: { version }, because }) => [version, because])).toEqual([
      ['3.0.0', ['one of the 1 newest of flatcar/stable/amd64']],
      ['2.0.0', ['profiles/bad.json is broken and may name it']],
      ['1.0.0', ['profiles/bad.json is broken and may name it']],
    ]);

    const events: unknown[] = [];
    expect(await retain(bench.root, input, (event) => events.push(event))).toEqual([
      'flatcar/amd64/2.0.0',
      'flatcar/amd64/1.0.0',
    ]);
    expect(events).toEqual([
      { kind: 'removed', shelf: 'flatcar/amd64/2.0.0', size: 3 },
      { kind: 'removed', shelf: 'flatcar/amd64/1.0.0', size: 3 },
    ]);
    expect(await readdir(join(bench.dir, 'images/flatcar/amd64'))).toEqual(['3.0.0']);
  });

  it('takes a release away also where a killed run left half of it', async () => {
    await publish('flatcar/amd64/1.0.0', good);
    const left = join(bench.dir, 'images/.drafts/removed/flatcar-amd64-1.0.0');
    await mkdir(left, { recursive: true });
    await writeFile(join(left, 'kernel'), 'old');
    await removeRelease(bench.root, release('1.0.0'));
    expect(await readdir(join(bench.dir, 'images/.drafts/removed'))).toEqual([]);
    await expect(removeRelease(bench.root, release('1.0.0'))).rejects.toMatchObject({ code: 'not-found' });
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
