import { build, type Plugin } from 'esbuild';
import * as fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as atRunTime from '../../src/text/compile-schema.ts';

// The schema is the source: what the build compiled of it says the same as what is compiled at run time.

const top = join(import.meta.dirname, '..', '..');
let folder: string;
let built: typeof atRunTime;

beforeAll(async () => {
  folder = mkdtempSync(join(top, 'node_modules', '.schemas-'));
  const { compiledSchemas } = (await import(pathToFileURL(join(top, 'scripts/compiled-schemas.mjs')).href)) as {
    readonly compiledSchemas: (top: string) => Promise<Plugin>;
  };
  const outfile = join(folder, 'compile-schema.cjs');
  const entryPoints = [join(top, 'src/text/compile-schema.ts')];
  const plugins = [await compiledSchemas(top)];
  await build({ entryPoints, outfile, plugins, bundle: true, platform: 'node', format: 'cjs' });
  built = (await import(pathToFileURL(outfile).href)) as typeof atRunTime;
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const schemaOf = (path: string): object => JSON.parse(readFileSync(join(top, 'src', path), 'utf8')) as object;

/** Profiles as people write them, right and wrong ones. */
function profiles(): unknown[] {
  const found = readdirSync(join(top, 'test/frozen'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /profiles\/[^/]+\.json$/.test(path))
    .flatMap((path) => {
      try {
        return [JSON.parse(readFileSync(join(top, 'test/frozen', path), 'utf8')) as unknown];
      } catch {
        return [];
      }
    });
  expect(found.length).toBeGreaterThan(10);
  return found;
}

/** Values under the keys that a schema knows, of any kind. */
function valuesFor(schema: object): fc.Arbitrary<unknown> {
  const keys = Object.keys((schema as { readonly properties: object }).properties);
  const text = fc.oneof(fc.string(), fc.constantFrom('52:54:00:00:00:01', 'debian', 'amd64', '4593.2.5', '10.0.0.1'));
  const leaf = fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null));
  const node = fc.record({ name: text, mac: text, ip: text, uuid: text, vars: leaf, more: leaf }, { requiredKeys: [] });
  const value = fc.oneof(leaf, fc.array(fc.oneof(leaf, node)), node);
  return fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...keys) }, { weight: 1, arbitrary: text }),
    value,
  );
}

describe.each(['catalog/profile.schema.json', 'documents/coreos-cloud-config.schema.json'])('%s', (path) => {
  it('says the same of every value', () => {
    const schema = schemaOf(path);
    const [compiled, other] = [built.compileSchema(schema), atRunTime.compileSchema(schema)];
    let wrong = 0;
    const same = (value: unknown): void => {
      expect(compiled(value)).toBe(other(value));
      expect(compiled.errors).toEqual(other.errors);
      if (compiled.errors !== null) wrong += 1;
    };
    for (const value of profiles()) same(value);
    fc.assert(fc.property(valuesFor(schema), same), { numRuns: 300 });
    expect(wrong).toBeGreaterThan(100);
  });
});

it('gathers a few thousand errors of very many, built or not: each one more was a copy of all before', () => {
  const schema = schemaOf('catalog/profile.schema.json');
  const profile = { system: 'flatcar', version: '1', nodes: Array.from({ length: 20_000 }, () => ({})) };
  for (const check of [built.compileSchema(schema), atRunTime.compileSchema(schema)]) {
    expect(check(profile)).toBe(false);
    expect(check.errors?.length).toBeGreaterThan(2000);
    expect(check.errors?.length).toBeLessThan(2100);
    expect(check({ ...profile, nodes: [] })).toBe(true);
  }
});

it('a schema that the build does not know is compiled at run time', () => {
  const check = built.compileSchema({ type: 'object', required: ['a'] });
  expect([check({ a: 1 }), check({})]).toEqual([true, false]);
});
