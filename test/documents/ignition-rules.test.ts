import { describe, expect, test } from 'vitest';
import { pathText } from '../../src/documents/finding.ts';
import type { IgnitionVersion } from '../../src/documents/ignition-fields.ts';
import { checkIgnitionRules } from '../../src/documents/ignition-rules.ts';
import { IGNITION_SAMPLES, ignitionText } from '../support/document-ignition-samples.ts';

function check(value: unknown, version: IgnitionVersion): readonly string[] {
  const said: string[] = [];
  const say = (severity: string) => (place: { path: readonly (string | number)[] }, message: string) => {
    said.push(`${severity} ${pathText(place.path)} ${message}`);
  };
  checkIgnitionRules(value, version, { error: say('error'), warn: say('warning') });
  return said;
}
const V2: IgnitionVersion = { major: 2, minor: 3 };
const V3: IgnitionVersion = { major: 3, minor: 3 };
const files = (...list: object[]) => ({ storage: { files: list } });

test.each(IGNITION_SAMPLES.filter(({ rule }) => rule === true))('$name', (sample) => {
  for (let minor = sample.since ?? 0; minor <= 6; minor += 1) {
    const value: unknown = JSON.parse(ignitionText(sample, `3.${minor}.0`));
    expect(check(value, { major: 3, minor }).filter((one) => one.startsWith('error'))).not.toEqual([]);
  }
});

test.each(IGNITION_SAMPLES.filter(({ bad }) => !bad))('$name is fine', (sample) => {
  for (let minor = sample.since ?? 0; minor <= 6; minor += 1) {
    const value: unknown = JSON.parse(ignitionText(sample, `3.${minor}.0`));
    expect(check(value, { major: 3, minor }).filter((one) => one.startsWith('error'))).toEqual([]);
  }
});

describe('modes', () => {
  test.each([420, 384, 493, 256, 292, 448, 511, 416, 0, 1023, 1535])('%i is meant', (mode) => {
    expect(check(files({ path: '/a', mode }), V3)).toEqual([]);
  });
  test.each([
    [644, 'warning storage.files[0].mode the mode 644 means 01204'],
    [755, 'warning storage.files[0].mode the mode 755 means 01363'],
    [600, 'warning storage.files[0].mode the mode 600 means 01130'],
    [400, 'warning storage.files[0].mode the mode 400 means 0620'],
    [1777, 'warning storage.files[0].mode the mode 1777 means 03361'],
    [4755, 'error storage.files[0].mode 4755 is no file mode'],
    [4096, 'error storage.files[0].mode 4096 is no file mode'],
    [-1, 'error storage.files[0].mode -1 is no file mode'],
  ])('%i is not', (mode, finding) => {
    expect(check(files({ path: '/a', mode }), V3)).toEqual([finding]);
  });
});

describe('spec 2', () => {
  test('a path belongs to a filesystem, and appends do not count', () => {
    const a = { filesystem: 'root', path: '/a' };
    expect(check(files(a, { ...a, filesystem: 'oem' }), V2)).toEqual([]);
    expect(check(files(a, { ...a, append: true }), V2)).toEqual([]);
    expect(check(files(a, a), V2)).toEqual(['warning storage.files[1].path path "/a" stands here twice']);
  });
  test('twins are done one after the other', () => {
    expect(check({ passwd: { users: [{ name: 'a' }, { name: 'a' }] } }, V2)).toEqual([
      'warning passwd.users[1].name name "a" stands here twice',
    ]);
  });
  test('filesystems have names', () => {
    const storage = {
      filesystems: [{ name: 'data', mount: { device: 'sdb' } }],
      files: [{ filesystem: 'dta', path: '/a' }],
    };
    expect(check({ storage }, V2)).toEqual([
      'error storage.filesystems[0].mount.device "sdb" is no absolute path',
      'warning storage.files[0].filesystem there is no filesystem "dta" in this document',
    ]);
  });
});

test('links are followed by no file of the same document', () => {
  const below = (path: string) =>
    check({ storage: { links: [{ path: '/a/b/', target: '/c' }], files: [{ path }] } }, V3);
  expect(below('/a/b/c')).toEqual(['error storage.files[0].path "/a/b/c" lies below the link "/a/b"']);
  expect(below('/a/b/c/d/e')).toHaveLength(1);
  expect(below('/a/bc')).toEqual([]);
});

test('values of the wrong type are none of our business', () => {
  const odd = {
    storage: { files: [1, null, 'a', { path: 1, mode: '1', contents: [] }], links: {} },
    passwd: 7,
    systemd: { units: [[]] },
  };
  expect(check(odd, V3)).toEqual([]);
  expect(check(null, V2)).toEqual([]);
});
