import { describe, expect, test } from 'vitest';
import { fieldsOf, IGNITION_VERSIONS } from '../../src/documents/ignition-fields.ts';

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
