import { describe, expect, test } from 'vitest';
import { checkIgnitionRules } from '../../src/documents/ignition-rules.ts';
import { IGNITION_SAMPLES, ignitionText } from '../support/document-ignition-samples.ts';
import { pathText } from '../../src/text/text.ts';
import { type IgnitionVersion } from '../../src/documents/ignition-spec.ts';

function check(value: unknown, version: IgnitionVersion): readonly string[] {
  const said: string[] = [];
  checkIgnitionRules(value, version, (severity, { path }, message) => {
    said.push(`${severity} ${pathText(path)} ${message}`);
  });
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

const unit = (value: object) => ({ systemd: { units: [value] } });

test.each([
  [unit({ name: 'a.service' }), []],
  [unit({ name: 'a.network' }), ['error systemd.units[0].name "a.network" is no unit name']],
  [{ networkd: { units: [{ name: 'a.network' }] } }, []],
  [{ networkd: { units: [{ name: 'a.service' }] } }, ['error networkd.units[0].name "a.service" is no unit name']],
  [
    unit({ name: 'a.timer', contents: 'x' }),
    ['warning systemd.units[0].contents line 1 of the unit stands before any [Section]'],
  ],
  [
    unit({ name: 'a.timer', contents: '[A]\nx' }),
    ['error systemd.units[0].contents line 2 of the unit is not Key=value'],
  ],
  [
    unit({ name: 'a.service', enabled: true, contents: '[Service]\n' }),
    ['warning systemd.units[0].contents an enabled unit without [Install] is never started'],
  ],
  [unit({ name: 'a.service', enabled: true, contents: '[Service]\n[Install]\n' }), []],
  [unit({ name: 'a.service', enabled: true }), []],
  [
    unit({ name: 'a.service', dropins: [{ name: 'b' }] }),
    ['error systemd.units[0].dropins[0].name "b" is no drop-in name'],
  ],
  [
    unit({ name: 'a.service', dropins: [{ name: 'b.conf', contents: '[A]\nx' }] }),
    ['error systemd.units[0].dropins[0].contents line 2 of the unit is not Key=value'],
  ],
])('%j', (value, findings) => {
  expect(check(value, V3)).toEqual(findings);
});

test('twin drop-ins are an error since spec 3; spec 2 enables in another word', () => {
  const twins = unit({ name: 'a.service', dropins: [{ name: 'b.conf' }, { name: 'b.conf' }] });
  expect(check(twins, V3)[0]).toMatch(/^error .*stands here twice/);
  expect(check(twins, V2)[0]).toMatch(/^warning .*stands here twice/);
  expect(check(unit({ name: 'a.service', enable: true, contents: '[Service]\n' }), V2)).toHaveLength(1);
});

const MINOR = (minor: number): IgnitionVersion => ({ major: 3, minor });
const file = (contents: object) => files({ path: '/a', contents });

test.each([
  ['oem:///a', V2, true],
  ['oem:///a', MINOR(0), false],
  ['gs://b/k', V2, false],
  ['gs://b/k', MINOR(1), false],
  ['gs://b/k', MINOR(2), true],
  ['arn:aws:s3:::b/k', MINOR(3), false],
  ['arn:aws:s3:::b/k', MINOR(4), true],
  ['http://', MINOR(3), false],
  ['data:,', MINOR(3), true],
  ['data:text/plain;base64,YQ%3D%3D', MINOR(3), true],
  ['data:text/plain;base64,YQ', MINOR(3), false],
  ['DATA:,x', MINOR(3), true],
] as const)('%s in %j is fine: %s', (source, version, fine) => {
  expect(check(file({ source }), version)).toHaveLength(fine ? 0 : 1);
});

test('sha256 came with 3.1.0', () => {
  const hash = `sha256-${'0'.repeat(64)}`;
  expect(check(file({ verification: { hash } }), MINOR(1))).toEqual([]);
  expect(check(file({ verification: { hash } }), MINOR(0))).toHaveLength(1);
  expect(check(file({ verification: { hash } }), V2)).toHaveLength(1);
});

test('every place that is fetched is looked at', () => {
  const bad = { source: 'x:y' };
  const value = {
    ignition: {
      config: { merge: [bad], append: [bad], replace: bad },
      security: { tls: { certificateAuthorities: [bad] } },
      proxy: { httpsProxy: 'x' },
    },
    storage: { files: [{ contents: bad, append: [bad] }], luks: [{ keyFile: bad }] },
  };
  expect(check(value, MINOR(3)).map((one) => one.split(' ')[1])).toEqual([
    'ignition.config.append[0].source',
    'ignition.config.merge[0].source',
    'ignition.config.replace.source',
    'ignition.security.tls.certificateAuthorities[0].source',
    'storage.files[0].contents.source',
    'storage.files[0].append[0].source',
    'storage.luks[0].keyFile.source',
    'ignition.proxy.httpsProxy',
  ]);
});

test('a configuration needs a source, a null one is none', () => {
  expect(check({ ignition: { config: { merge: [{}], replace: null } } }, MINOR(3))).toEqual([
    'error ignition.config.merge[0] there is no "source"',
  ]);
});
