import { Ajv } from 'ajv';
import type { Path } from './finding.ts';

/** One thing that a JSON Schema objects to. */
export interface Violation {
  readonly path: Path;
  /** The schema's word that was not met: `type`, `required`, `additionalProperties` ... */
  readonly keyword: string;
  /** That word's value in the schema. */
  readonly wanted: unknown;
  /** The key that is unknown or missing. */
  readonly key?: string;
  /** What stands there. */
  readonly value: unknown;
  /** The part of the schema that the word stands in. */
  readonly schema: unknown;
}

export type SchemaCheck = (value: unknown) => readonly Violation[];

// Nobody reads more; finding the line of each of 100,000 would take minutes.
const MAX_VIOLATIONS = 200;

/** Compiles on first use (some 20 ms) and keeps the result. */
export function schemaCheck(schema: object): SchemaCheck {
  let check: SchemaCheck | undefined;
  return (value) => {
    check ??= compile(schema);
    return check(value);
  };
}

function compile(schema: object): SchemaCheck {
  // Our schemas describe a field by several types and give `required` beside patterns: allowed on purpose, all else is strict.
  // The schemas themselves are not checked at every start: a test does that.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strictTypes: false,
    strictRequired: false,
    meta: false,
    validateSchema: false,
  });
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    const known = errors.filter((error) => error.keyword !== 'additionalProperties');
    const unknown = errors.filter((error) => error.keyword === 'additionalProperties');
    return [...known, ...unknown].slice(0, MAX_VIOLATIONS).map((error) => {
      const params = error.params as Readonly<Record<string, unknown>>;
      const key = params['additionalProperty'] ?? params['missingProperty'];
      return {
        path: pointerPath(error.instancePath, value),
        keyword: error.keyword,
        wanted: error.schema,
        value: error.data,
        schema: error.parentSchema,
        ...(typeof key === 'string' ? { key } : {}),
      };
    });
  };
}

/** RFC 6901; whether `0` is an index or a key is only known from the value. */
function pointerPath(pointer: string, root: unknown): Path {
  const path: (string | number)[] = [];
  let value = root;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) {
      path.push(Number(key));
      value = (value as readonly unknown[])[Number(key)];
    } else {
      path.push(key);
      value = (value as Readonly<Record<string, unknown>>)[key];
    }
  }
  return path;
}

const WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map of keys',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
};

/** `type`'s value for people: text is text also where numbers are taken as text. */
export function typeWords(type: unknown): string {
  const types = (Array.isArray(type) ? type : [type]) as readonly unknown[];
  if (types.includes('string')) return 'text';
  return types.map((one) => WORDS[String(one)] ?? '').find((word) => word !== '') ?? 'something else';
}

/** What a value is, in the same words. */
export function valueWords(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return WORDS[typeof value] ?? 'something else';
}
