import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { type JsonObject, parseVersion, type Profile, type Version } from '../../src/model/profile.ts';
import { SILENT } from '../../src/model/service.ts';
import {
  bootedLately,
  createBootRecord,
  holdOf,
  holdText,
  namedShelves,
  parseState,
  readBootTimes,
  readState,
  shelvesOf,
  stillHeld,
  unreadableProfile,
  writeState,
} from '../../src/releases/state-file.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { nameOf } from '../support/house.ts';

const profile = (name: string, raw: JsonObject): Profile => buildProfile(nameOf(name), `profiles/${name}.json`, raw);

it.each<[JsonObject, readonly string[]]>([
  [{ version: '1298.6.0' }, ['amd64-usr/1298.6.0']],
  [{ system: 'flatcar', arch: 'arm64', version: '1.2.3' }, ['flatcar/arm64/1.2.3']],
  [{ system: 'debian', version: '20230607+deb12u15' }, ['debian/amd64/20230607+deb12u15']],
  [{ system: 'flatcar' }, []],
  [{ system: 'custom', kernel: 'k', initrd: ['http://x/y/z'] }, []],
  [
    { system: 'custom', kernel: 'a/b/k', initrd: ['a/b/i', 'c/d'], release: { version: '7', files: [] } },
    ['a/b', 'c', 'custom/x/7'],
  ],
])('%j boots from %j', (raw, shelves) => {
  expect(shelvesOf(profile('x', raw))).toEqual(shelves);
});

it('tells which profiles name a shelf', () => {
  const raw = { system: 'flatcar', version: '1.2.3' };
  const profiles = new Map(['a', 'b'].map((name) => [name, profile(name, raw)]));
  expect([...namedShelves({ profiles })]).toEqual([['flatcar/amd64/1.2.3', ['a', 'b']]]);
});

it('a broken profile is named; warnings and other files are none', () => {
  const problem = (severity: 'error' | 'warning', file: string) => ({ severity, message: '', place: { file } });
  expect(
    unreadableProfile({ problems: [problem('warning', 'profiles/a.json'), problem('error', 'configs/a.yml')] }),
  ).toBeUndefined();
  expect(unreadableProfile({ problems: [problem('error', 'profiles/a.json')] })).toBe('profiles/a.json');
});

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

const v = (text: string): Version => parseVersion(text) ?? expect.fail(text);
const next = { version: '1.2.3', until: 'next', above: '9.9.9' } as const;
const pin = { version: '1.2.3', until: 'unpinned' } as const;

describe('holds', () => {
  it('ends with the next release, compared as numbers', () => {
    expect(stillHeld(next, v('9.9.9'))).toBe(true);
    expect(stillHeld(next, v('9.9.8'))).toBe(true);
    expect(stillHeld(next, v('10.0.0'))).toBe(false);
    expect(stillHeld({ version: '1', until: 'next' }, v('0'))).toBe(false);
    expect(stillHeld(pin, v('10.0.0'))).toBe(true);
  });

  it('is for the version that the profile names, and for no name of Object', () => {
    expect(holdOf({ a: next }, 'a', '1.2.3')).toBe(next);
    expect(holdOf({ a: next }, 'a', '1.2.4')).toBeUndefined();
    expect(holdOf({}, 'constructor', '1')).toBeUndefined();
  });

  it('is told to people', () => {
    expect(holdText(next)).toBe('rolled back to 1.2.3: held until something newer than 9.9.9 is published');
    expect(holdText(pin)).toContain('pinned to 1.2.3');
  });
});

describe('parseState', () => {
  it('reads what we write', () => {
    const state = { holds: { a: next, b: pin }, accepted: { 'flatcar/stable/amd64': '1.2.3' } };
    expect(parseState(JSON.stringify(state))).toEqual(state);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"holds":{}}',
    '{"holds":[],"accepted":{}}',
    '{"holds":{"a":1},"accepted":{}}',
    '{"holds":{"a":{"version":"1","until":"x"}},"accepted":{}}',
    '{"holds":{"a":{"version":"1","until":"next","above":1}},"accepted":{}}',
    '{"holds":{},"accepted":{"a":1}}',
  ])('refuses %j', (text) => {
    expect(parseState(text)).toBeUndefined();
  });
});

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
