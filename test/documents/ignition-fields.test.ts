import { describe, expect, test } from 'vitest';
import { pathText } from '../../src/documents/finding.ts';
import {
  at,
  checkResources,
  fieldsOf,
  IGNITION_VERSIONS,
  type IgnitionVersion,
  itemsOf,
  textAt,
} from '../../src/documents/ignition-fields.ts';

function check(value: unknown, version: IgnitionVersion): readonly string[] {
  const said: string[] = [];
  const say = (place: { path: readonly (string | number)[] }, message: string) =>
    said.push(`${pathText(place.path)} ${message}`);
  checkResources({ path: [], value }, version, { error: say, warn: say });
  return said;
}
const V2 = { major: 2, minor: 4 } as const;
const V3 = (minor: number): IgnitionVersion => ({ major: 3, minor });
const file = (contents: unknown) => ({ storage: { files: [{ contents }] } });

test.each([
  ['oem:///a', V2, true],
  ['oem:///a', V3(0), false],
  ['gs://b/k', V2, false],
  ['gs://b/k', V3(1), false],
  ['gs://b/k', V3(2), true],
  ['arn:aws:s3:::b/k', V3(3), false],
  ['arn:aws:s3:::b/k', V3(4), true],
  ['http://', V3(3), false],
  ['data:,', V3(3), true],
  ['data:text/plain;base64,YQ%3D%3D', V3(3), true],
  ['data:text/plain;base64,YQ', V3(3), false],
  ['DATA:,x', V3(3), true],
] as const)('%s in %j is fine: %s', (source, version, fine) => {
  expect(check(file({ source }), version)).toHaveLength(fine ? 0 : 1);
});

test('sha256 came with 3.1.0', () => {
  const hash = `sha256-${'0'.repeat(64)}`;
  expect(check(file({ verification: { hash } }), V3(1))).toEqual([]);
  expect(check(file({ verification: { hash } }), V3(0))).toHaveLength(1);
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
  expect(check(value, V3(3)).map((one) => one.split(' ')[0])).toEqual([
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
  expect(check({ ignition: { config: { merge: [{}], replace: null } } }, V3(3))).toEqual([
    'ignition.config.merge[0] there is no "source"',
  ]);
});

const root = { path: ['r'], value: JSON.parse('{"a": [{"b": "c"}, 1], "n": null, "__proto__": {"x": 1}}') as unknown };

test('steps lead to values, and to nothing where there is none', () => {
  expect(at(root, 'a', 0, 'b')).toEqual({ path: ['r', 'a', 0, 'b'], value: 'c' });
  expect(at(root, 'a', 5, 'b')).toEqual({ path: ['r', 'a', 5, 'b'], value: undefined });
  expect(at(root, 'n', 'x').value).toBeUndefined();
  for (const key of ['toString', 'constructor', 'x']) expect(at(root, key).value).toBeUndefined();
});

test('items of lists', () => {
  expect(itemsOf(root, 'a')).toEqual([
    { path: ['r', 'a', 0], value: { b: 'c' } },
    { path: ['r', 'a', 1], value: 1 },
  ]);
  expect(itemsOf(root, 'n')).toEqual([]);
  expect(itemsOf(root, 'a', 0, 'b')).toEqual([]);
});

test('text is text or nothing', () => {
  expect(textAt(root, 'a', 0, 'b')).toBe('c');
  expect(textAt(root, 'a', 1)).toBe('');
});

const LETTERS = ['s', 'i', 'b'];

test('the versions', () => {
  expect([...IGNITION_VERSIONS.keys()]).toEqual([
    ...['2.0.0', '2.1.0', '2.2.0', '2.3.0', '2.4.0'],
    ...['3.0.0', '3.1.0', '3.2.0', '3.3.0', '3.4.0', '3.5.0', '3.6.0'],
  ]);
});

describe.each([...IGNITION_VERSIONS])('%s', (_, version) => {
  const types = fieldsOf(version);
  test('every word of the table was read, and names a type of the table', () => {
    for (const [type, fields] of types) {
      for (const field of fields) {
        expect(field.name, type).not.toBe('');
        expect(LETTERS.includes(field.type) || types.has(field.type), `${type}.${field.name}: ${field.type}`).toBe(
          true,
        );
      }
      expect(new Set(fields.map(({ name }) => name)).size, type).toBe(fields.length);
    }
  });
});

function names(version: string, type: string): readonly string[] {
  const known = IGNITION_VERSIONS.get(version);
  return known === undefined ? [] : (fieldsOf(known).get(type) ?? []).map(({ name }) => name);
}

test.each([
  ['2.0.0', 'storage', 'links', false],
  ['2.1.0', 'storage', 'links', true],
  ['2.2.0', 'file', 'append', true],
  ['2.3.0', 'contents', 'httpHeaders', false],
  ['2.4.0', 'contents', 'httpHeaders', true],
  ['3.0.0', 'config', 'append', false],
  ['3.1.0', 'storage', 'luks', false],
  ['3.2.0', 'storage', 'luks', true],
  ['3.2.0', 'root', 'kernelArguments', false],
  ['3.3.0', 'root', 'kernelArguments', true],
  ['3.4.0', 'luks', 'cex', false],
  ['3.5.0', 'luks', 'cex', true],
])('%s: %s.%s is there: %s', (version, type, name, there) => {
  expect(names(version, type).includes(name)).toBe(there);
});

test('a word says what is required, a list, and may be null', () => {
  const raid = (minor: number) =>
    fieldsOf({ major: 3, minor })
      .get('raid')
      ?.find(({ name }) => name === 'devices');
  expect(raid(2)).toEqual({ name: 'devices', required: true, type: 's', list: true, nullable: false });
  expect(raid(3)).toMatchObject({ required: false });
  const device = (minor: number) =>
    fieldsOf({ major: 2, minor })
      .get('disk')
      ?.find(({ name }) => name === 'device');
  expect([device(2)?.required, device(3)?.required]).toEqual([false, true]);
});
