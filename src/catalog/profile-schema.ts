import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '../model/profile.ts';
import { nearest } from '../model/text.ts';
import { schemaCheck, type Violation } from '../text/check-schema.ts';
import { type Path, shortened } from '../text/text.ts';

/** Something in a profile that the schema does not allow, in words for the person who wrote it. */
export interface SchemaFault {
  /** Of the value at fault; of the unknown name when `atKey`. */
  readonly path: Path;
  readonly atKey: boolean;
  readonly message: string;
  readonly remedy?: string;
}

/** Says what is wrong with a parsed profile; nothing when it is right. */
export interface ProfileCheck {
  (value: Json): readonly SchemaFault[];
  /** What a profile may hold. */
  readonly keys: ReadonlySet<string>;
}

/** The description of a profile, as editors and the docs use it. */
export function profileSchema(): JsonObject {
  return JSON.parse(profileSchemaFile().toString()) as JsonObject;
}

/** The same, byte for byte. */
export function profileSchemaFile(): Buffer {
  return readFileSync(new URL('./profile.schema.json', import.meta.url));
}

/** One for a catalog. The schema is compiled on first use. */
export function createProfileCheck(): ProfileCheck {
  const schema = profileSchema();
  const check = schemaCheck(schema);
  const keys: ReadonlySet<string> = new Set(Object.keys(schema['properties'] as JsonObject));
  return Object.assign((value: Json) => check(value).map(explainFault), { keys });
}

type Said = Pick<SchemaFault, 'message' | 'remedy'>;

/** What a person needs of a violation: what is wrong, and what to do about it. */
function explainFault(fault: Violation): SchemaFault {
  const { path, keyword, key, name, schema } = fault;
  if (name !== undefined) {
    return {
      path: [...path, name],
      atKey: true,
      message: `${shown(name)} cannot be a name here`,
      remedy: hint(schema),
    };
  }
  if (keyword === 'additionalProperties' && key !== undefined) {
    const known = Object.keys(schema['properties'] ?? {});
    const meant = nearest(key, known);
    const remedy = meant === undefined ? `the keys here are ${known.join(', ')}` : `did you mean \`${meant}\`?`;
    return { path: [...path, key], atKey: true, message: `unknown key \`${shortened(key)}\``, remedy };
  }
  return { path, atKey: false, ...explainValue(fault) };
}

function explainValue(fault: Violation): Said {
  const { keyword, key = '', value, schema } = fault;
  switch (keyword) {
    case 'required': {
      const property = ((schema['properties'] ?? {}) as JsonObject)[key] as JsonObject | undefined;
      const [example] = (property?.['examples'] ?? []) as readonly Json[];
      const remedy = example === undefined ? `add "${key}"` : `add "${key}": ${JSON.stringify(example)}`;
      return { message: `lacks \`${key}\``, remedy };
    }
    case 'enum': {
      const allowed = ((schema['enum'] ?? []) as readonly Json[]).map(String);
      const meant = typeof value === 'string' ? nearest(value, allowed) : undefined;
      const remedy = meant === undefined ? `one of ${allowed.join(', ')}` : `did you mean \`${meant}\`?`;
      return { message: `${shown(value)} is not known here`, remedy };
    }
    case 'type':
      return wrongType(fault);
    case 'pattern':
      return wrongText(fault);
    default:
      return { message: `${shown(value)} ${fault.message}` };
  }
}

function wrongType({ path, value, wanted }: Violation): Said {
  const types = [wanted].flat() as readonly string[];
  // null is only tolerated, because coreos-ipxe-server took it for "not set": it is no advice.
  const names = types.filter((type) => type !== 'null').map((type) => TYPES[type] ?? type);
  const message = `must be ${names.join(' or ')}, not ${typeName(value)}`;
  if (path.length === 0) return { message, remedy: 'a profile is one JSON object: { ... }' };
  if (!types.includes('array') || typeof value !== 'string') return { message };
  return { message, remedy: `write [${JSON.stringify(shortened(value))}]` };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  return TYPES[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

function wrongText({ path, value, schema }: Violation): Said {
  const text = String(value);
  const about = path.at(-1);
  if (about === 'uuid' && /^(?:[0-]{36}|[f-]{36})$/i.test(text)) {
    const message = 'an all-zero or all-one UUID identifies no machine: boards that were never given one report it';
    return { message, remedy: 'use mac or serial instead' };
  }
  if (about === 'mac' && /^(?:[0:.-]{12,17}|[f:.-]{12,17})$/i.test(text)) {
    const remedy = 'write the address that the machine shows when it boots';
    return { message: `${shown(text)} is no network card's address`, remedy };
  }
  return { message: `${shown(text)} ${whatIsIn(text, hint(schema) ?? '')}`, remedy: hint(schema) };
}

/** No pattern lets more through. */
const LONGEST = 1024;

/** Names the first thing that may be in no value that reaches a boot script. */
function whatIsIn(value: string, rule: string): string {
  if (value === '') return 'is empty';
  if (/[\r\n\u0085\u2028\u2029]/.test(value)) return 'holds a line break';
  if (/[^ -~]/.test(value)) return 'holds a character that is not printable ASCII';
  if (rule.includes('${')) {
    if (value.includes('${')) return 'holds ${, which iPXE would expand';
    if (/^#| #/.test(value)) return 'holds a word that begins with #: iPXE drops it and everything after it';
    if (/(?:^| )(?:;|&&|\|\|)(?: |$)/.test(value))
      return 'holds a stand-alone ; && or ||, which ends the command in iPXE';
    if (/\\(?: |$)/.test(value)) return 'holds a backslash at the end of a word, where iPXE joins lines';
  }
  if (value.length > LONGEST) return `is too long: ${value.length} characters`;
  return 'is not allowed here';
}

/** The rule that the schema gives for a pattern. Editors show the same text as a sentence of its own. */
function hint(schema: Violation['schema']): string | undefined {
  const sentence = schema['patternErrorMessage'];
  if (typeof sentence !== 'string') return undefined;
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}

function shown(value: unknown): string {
  return value === undefined ? 'this' : shortened(JSON.stringify(value));
}
