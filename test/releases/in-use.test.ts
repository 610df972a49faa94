import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import type { Snapshot } from '../../src/catalog/snapshot.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import type { JsonObject, Profile } from '../../src/model/profile.ts';
import {
  bootedLately,
  createBootRecord,
  namedShelves,
  shelvesOf,
  unreadableProfile,
} from '../../src/releases/in-use.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { nameOf } from '../support/app-context.ts';

const profile = (name: string, raw: JsonObject): Profile => buildProfile(nameOf(name), `profiles/${name}.json`, raw);

it.each<[JsonObject, readonly string[]]>([
  [{ version: '1298.6.0' }, ['amd64-usr/1298.6.0']],
  [{ system: 'flatcar', arch: 'arm64', version: '1.2.3' }, ['flatcar/arm64/1.2.3']],
  [{ system: 'debian', version: '20230607+deb12u15' }, ['debian/amd64/20230607+deb12u15']],
  [{ system: 'flatcar' }, []],
  [{ system: 'custom', kernel: 'k', initrd: ['http://x/y/z'] }, []],
  [
    { system: 'custom', kernel: 'e/f/k', initrd: ['a/b/i', 'c/d'], release: { version: '7', files: [] } },
    ['e/f', 'a/b', 'c', 'custom/x/7'],
  ],
])('%j boots from %j', (raw, shelves) => {
  expect(shelvesOf(profile('x', raw))).toEqual(shelves);
});

it('tells which profiles name a shelf', () => {
  const raw = { system: 'flatcar', version: '1.2.3' };
  const profiles = new Map(['a', 'b'].map((name) => [name, profile(name, raw)]));
  expect([...namedShelves({ profiles, rollouts: new Map() })]).toEqual([['flatcar/amd64/1.2.3', ['a', 'b']]]);
  const to = profile('a', { ...raw, version: '1.2.4' });
  const rollouts = new Map([
    ['a', { profile: to, to: '1.2.4' }],
    ['b', { profile: profile('b', raw), to: '1.2.3' }],
  ]) as unknown as Snapshot['rollouts'];
  expect([...namedShelves({ profiles, rollouts })]).toEqual([
    ['flatcar/amd64/1.2.3', ['a', 'b', 'b (rollout)']],
    ['flatcar/amd64/1.2.4', ['a (rollout)']],
  ]);
});

it('a broken profile is named; warnings and other files are none', () => {
  const problem = (severity: 'error' | 'warning', file: string) => ({ severity, message: '', place: { file } });
  expect(
    unreadableProfile({ problems: [problem('warning', 'profiles/a.json'), problem('error', 'configs/a.yml')] }),
  ).toBeUndefined();
  expect(unreadableProfile({ problems: [problem('error', 'profiles/a.json')] })).toBe('profiles/a.json');
});

const DAY = 86_400_000;

it('seven days count, and so does the future', async () => {
  const times = { old: 0, over: 3 * DAY, edge: 3 * DAY + 1, future: 99 * DAY };
  const root = await openDataRoot(makeFolder({ 'state/booted.json': times }));
  expect([...(await bootedLately(root, 10 * DAY))]).toEqual(['edge', 'future']);
});

it('remembers across processes, the newest time of each folder', async () => {
  const dir = makeFolder();
  const root = await openDataRoot(dir);
  const written = (): unknown => JSON.parse(readFileSync(join(dir, 'state/booted.json'), 'utf8'));
  let now = 1000;
  const record = createBootRecord(root, () => now);
  await record.save();
  expect(existsSync(join(dir, 'state'))).toBe(false);
  record.booted('flatcar/amd64/1');
  now = 2000;
  record.booted('flatcar/amd64/1');
  record.booted('flatcar/amd64/2');
  await record.save();
  const other = createBootRecord(root, () => 3000);
  other.booted('flatcar/amd64/2');
  await other.save();
  expect(written()).toEqual({ 'flatcar/amd64/1': 2000, 'flatcar/amd64/2': 3000 });
});

it('writes each boot once, and none is forgotten that comes while it writes', async () => {
  const dir = makeFolder();
  const root = await openDataRoot(dir);
  const written = (): unknown => JSON.parse(readFileSync(join(dir, 'state/booted.json'), 'utf8'));
  let now = 1000;
  const record = createBootRecord(root, () => now);
  record.booted('a');
  record.booted('b');
  const saving = record.save();
  now = 2000;
  record.booted('b');
  await saving;
  expect(written()).toEqual({ a: 1000, b: 1000 });
  // Another process knows better; what was written is not written again over it.
  addFiles(dir, { 'state/booted.json': { a: 5000, b: 1000 } });
  await record.save();
  expect(written()).toEqual({ a: 5000, b: 2000 });
});

it('remembers the thousand newest folders', async () => {
  const dir = makeFolder({
    'state/booted.json': Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`v${i}`, 1000 - i])),
  });
  const root = await openDataRoot(dir);
  const record = createBootRecord(root, () => 5000);
  record.booted('new');
  await record.save();
  const left = await bootedLately(root, 5000);
  expect([left.size, left.has('new'), left.has('v0'), left.has('v998'), left.has('v999')]).toEqual([
    ...[1000, true, true, true, false],
  ]);
});

it.each(['x', '[]', '[5]', 'null', '{"a":"b"}'])('a broken file (%s) counts as empty', async (text) => {
  const dir = makeFolder();
  addFiles(dir, { 'state/booted.json': text });
  expect(await bootedLately(await openDataRoot(dir), 0)).toEqual(new Set());
});
