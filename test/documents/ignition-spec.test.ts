import { describe, expect, test } from 'vitest';
import { IGNITION_VERSIONS, ignitionSchema } from '../../src/documents/ignition-spec.ts';

interface TypeSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

function typesOf(version: string): Readonly<Record<string, TypeSchema>> {
  return (ignitionSchema(version) as { definitions: Record<string, TypeSchema> }).definitions;
}

test('the versions', () => {
  expect([...IGNITION_VERSIONS.keys()]).toEqual([
    ...['2.0.0', '2.1.0', '2.2.0', '2.3.0', '2.4.0'],
    ...['3.0.0', '3.1.0', '3.2.0', '3.3.0', '3.4.0', '3.5.0', '3.6.0'],
  ]);
});

describe.each([...IGNITION_VERSIONS.keys()])('%s', (version) => {
  test('every word of the table was read, and names a type of the table', () => {
    const types = typesOf(version);
    for (const [type, { properties = {}, required = [] }] of Object.entries(types)) {
      for (const [name, schema] of Object.entries(properties)) {
        expect(name, type).not.toBe('');
        const named = /"#\/definitions\/([^"]*)"/.exec(JSON.stringify(schema))?.[1] ?? '';
        expect(types, `${type}.${name}`).toHaveProperty(named);
      }
      expect(Object.keys(properties), type).toEqual(expect.arrayContaining([...required]));
    }
  });
});

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
  expect(Object.hasOwn(typesOf(version)[type]?.properties ?? {}, name)).toBe(there);
});

test('a word says what is required, a list, and whether its items may be null', () => {
  expect(typesOf('3.2.0')['raid']).toMatchObject({ required: ['name', 'level', 'devices'] });
  expect(typesOf('3.3.0')['raid']).toMatchObject({ required: ['name'] });
  expect([typesOf('2.2.0')['disk']?.required, typesOf('2.3.0')['disk']?.required]).toEqual([[], ['device']]);
  const proxy = (version: string) => typesOf(version)['proxy']?.properties?.['noProxy'];
  expect(proxy('3.3.0')).toEqual({ type: 'array', items: { $ref: '#/definitions/string-or-null' } });
  expect(proxy('3.4.0')).toEqual({ type: 'array', items: { $ref: '#/definitions/string' } });
});
