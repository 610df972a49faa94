import { nearest } from '../model/text.ts';
import { compileSchema } from './compile-schema.ts';
import { type Path, shown } from './text.ts';

/** One thing that a JSON Schema objects to. */
export interface Violation {
  readonly path: Path;
  /** The schema's word that was not met: `type`, `required`, `additionalProperties` ... */
  readonly keyword: string;
  /** That word's value in the schema. */
  readonly wanted: unknown;
  /** The key that is unknown or missing. */
  readonly key?: string;
  /** Set where a name is at fault, not a value. */
  readonly name?: string;
  readonly value: unknown;
  /** The part of the schema that the word stands in. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** In ajv's words. */
  readonly message: string;
}

export type SchemaCheck = (value: unknown) => readonly Violation[];

// Finding the line of each of 100,000 would take minutes.
const MAX_VIOLATIONS = 200;

/** Compiles on first use (some 20 ms) and keeps the result. */
export function schemaCheck(schema: object): SchemaCheck {
  let check: SchemaCheck | undefined;
  return (value) => (check ??= compile(schema))(value);
}

function compile(schema: object): SchemaCheck {
  const validate = compileSchema(schema);
  return (value) => {
    if (validate(value)) return [];
    // The error about a name comes twice: as what its pattern says, and as "propertyNames" around it.
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames');
    const known = errors.filter(({ keyword }) => keyword !== 'additionalProperties');
    const unknown = errors.filter(({ keyword }) => keyword === 'additionalProperties');
    return [...known, ...unknown].slice(0, MAX_VIOLATIONS).map((error) => {
      const params = error.params as Readonly<Record<string, string | undefined>>;
      return {
        path: pointerPath(error.instancePath, value),
        keyword: error.keyword,
        wanted: error.schema,
        key: params['additionalProperty'] ?? params['missingProperty'],
        name: error.propertyName,
        value: error.data,
        schema: error.parentSchema ?? {},
        message: error.message ?? 'is not allowed',
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
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return path;
}

interface Explanation {
  /** Of the key itself where it is unknown. */
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** What documents say of an unknown key, a missing one and a wrong type; undefined for what the schema's owner must say. */
export function explainViolation(
  { path, keyword, key, value, wanted, schema }: Violation,
  known: readonly string[] = Object.keys(schema['properties'] ?? {}),
): Explanation | undefined {
  if (keyword === 'additionalProperties' && key !== undefined) {
    const meant = nearest(key, known);
    const remedy = meant === undefined ? `known here: ${known.slice(0, 12).join(', ')}` : `did you mean "${meant}"?`;
    return { path: [...path, key], message: `unknown key ${shown(key)}`, remedy };
  }
  if (keyword === 'required' && key !== undefined) {
    return { path, message: `the key "${key}" is missing`, remedy: 'add it' };
  }
  if (keyword !== 'type') return undefined;
  const message = `this is ${valueWords(value)} and must be ${typeWords(wanted)}`;
  const digits = wanted === 'integer' && typeof value === 'string' && /^\d{1,9}$/.test(value) ? value : undefined;
  if (digits === undefined) return { path, message, remedy: `make it ${typeWords(wanted)}` };
  // A mode is octal where people write it as text, and JSON has decimal numbers only.
  const octal = path.at(-1) === 'mode' && /^[0-7]+$/.test(digits);
  return {
    path,
    message,
    remedy: octal
      ? `write ${Number.parseInt(digits, 8)}, which is 0${digits.replace(/^0+/, '')}`
      : `write ${Number(digits)}`,
  };
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
