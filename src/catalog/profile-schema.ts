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
  (value: Json, sourceOf?: SourceOf): readonly SchemaFault[];
  /** What a profile may hold. */
  readonly keys: ReadonlySet<string>;
  /** What a node in it may hold. */
  readonly nodeKeys: ReadonlySet<string>;
}

/** A value as the file has it: `4593.20`, which is the number 4593.2. */
type SourceOf = (path: Path) => string;

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
  const keysOf = (place: JsonObject): ReadonlySet<string> => new Set(Object.keys(place['properties'] as JsonObject));
  const keys = keysOf(schema);
  const ofNodes = keysOf((schema['$defs'] as JsonObject)['node'] as JsonObject);
  const explain = (value: Json, sourceOf?: SourceOf) =>
    check(value).map((fault) => explainFault(fault, { example: exampleOf(schema, fault.path), sourceOf, ofNodes }));
  return Object.assign(explain, { keys, nodeKeys: ofNodes });
}

type Said = Pick<SchemaFault, 'message' | 'remedy'>;

/** What a person needs of a violation: what is wrong, and what to do about it. */
function explainFault(fault: Violation, around: AroundFault): SchemaFault {
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
    if (path.length === 0 && around.ofNodes.has(key)) {
      const remedy = `say it of a machine: "nodes": [{ "name": ..., "${key}": ... }]`;
      return { path: [key], atKey: true, message: `\`${key}\` is a key of nodes, not of profiles`, remedy };
    }
    const remedy = meant === undefined ? `the keys here are ${known.join(', ')}` : `did you mean \`${meant}\`?`;
    return { path: [...path, key], atKey: true, message: `unknown key \`${shortened(key)}\``, remedy };
  }
  return { path, atKey: false, ...explainValue(fault, around) };
}

function explainValue(fault: Violation, around: AroundFault): Said {
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
      const meant = typeof value === 'string' ? (ALIASES[value.toLowerCase()] ?? nearest(value, allowed)) : undefined;
      const remedy = meant === undefined ? `one of ${allowed.join(', ')}` : `did you mean \`${meant}\`?`;
      return { message: `${shown(value)} is not known here`, remedy };
    }
    case 'type':
      return wrongType(fault, around);
    case 'pattern':
      return wrongText(fault);
    case 'minProperties':
    case 'maxProperties': {
      const keys = Object.keys(schema['properties'] ?? {}).join(', ');
      const word = keyword === 'minProperties' ? 'holds too little' : 'holds too much';
      return {
        message: word,
        remedy: `write ${schema['maxProperties'] === 1 ? 'exactly one' : 'at least one'} of ${keys}`,
      };
    }
    case 'maxItems': {
      const [found, most] = [(value as readonly unknown[]).length, schema['maxItems']];
      return { message: `holds ${found}, which is more than ${String(most)}`, remedy: 'take some out' };
    }
    case 'minimum':
    case 'maximum': {
      const { minimum, maximum } = schema as { readonly minimum?: number; readonly maximum?: number };
      const message = `${shown(value)} is too ${keyword === 'minimum' ? 'small' : 'large'}`;
      return {
        message,
        remedy: `write a number from ${minimum ?? 0}${maximum === undefined ? ' on' : ` to ${maximum}`}`,
      };
    }
    default:
      return { message: `${shown(value)} ${fault.message}` };
  }
}

function wrongType({ path, value, wanted, schema }: Violation, around: AroundFault): Said {
  const types = [wanted].flat() as readonly string[];
  // null is only tolerated, because coreos-ipxe-server took it for "not set": it is no advice.
  const names = types.filter((type) => type !== 'null').map((type) => TYPES[type] ?? type);
  const message = `must be ${names.join(' or ')}, not ${typeName(value)}`;
  if (path.length === 0) return { message, remedy: 'a profile is one JSON object: { ... }' };
  return { message, remedy: asType(types, path, value, schema, around) };
}

/** What to write instead: the value itself where it can be turned into what is wanted, else the example. */
function asType(
  types: readonly string[],
  path: Path,
  value: unknown,
  schema: Violation['schema'],
  { example, sourceOf }: AroundFault,
): string {
  const text = typeof value === 'string' ? value.trim() : undefined;
  const written = sourceOf?.(path) ?? JSON.stringify(value);
  const like = example === undefined ? 'correct it' : `write a value such as ${oneLine(example)}`;
  if (types.includes('boolean')) {
    const word = typeof value === 'string' ? value : JSON.stringify(value);
    if (/^(?:true|yes|on|1)$/i.test(word)) return 'write true';
    return /^(?:false|no|off|0|)$/i.test(word) ? 'write false' : 'write true or false';
  }
  if (types.includes('array')) {
    if (text === undefined) return typeof value === 'object' && value !== null ? 'write [ and ] around it' : like;
    const words = path.at(-1) === 'kernel_args' ? text.split(/\s+/) : [text];
    return `write ${oneLine(words)}`;
  }
  if (types.includes('object')) {
    const [only, another] = (schema['required'] ?? []) as readonly string[];
    const named = text !== undefined && only !== undefined && another === undefined && typeof path.at(-1) === 'string';
    return named ? `write ${oneLine({ [only]: text })}` : like;
  }
  if (types.includes('integer') || types.includes('number')) {
    return text !== undefined && /^\d{1,9}$/.test(text) ? `write ${text}` : like;
  }
  if (!types.includes('string')) return like;
  if (typeof value === 'number') return `write "${written}"`;
  const [first] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof first !== 'string') return like;
  return `write ${(value as readonly unknown[]).length === 1 ? '' : 'one of them: '}${oneLine(first)}`;
}

function oneLine(value: unknown): string {
  const text = JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');
  return text.length > 120 ? shortened(text) : text;
}

/** What the schema gives as an example for the value at a path: its own, or a part of that of what it is in. */
function exampleOf(schema: JsonObject, path: Path): Json | undefined {
  const defs = schema['$defs'] as JsonObject;
  let at: JsonObject | undefined = schema;
  let example: Json | undefined;
  for (const step of path) {
    const ref = at?.['$ref'];
    if (typeof ref === 'string') at = defs[ref.replace('#/$defs/', '')] as JsonObject;
    const inside = (typeof step === 'number' ? at?.['items'] : at?.['properties']) as JsonObject | undefined;
    at = (typeof step === 'number' ? inside : inside?.[step]) as JsonObject | undefined;
    const [own] = (at?.['examples'] ?? []) as readonly Json[];
    const [part] = Array.isArray(example) ? (example as readonly Json[]) : [];
    example = own ?? (typeof step === 'number' ? part : undefined);
  }
  return example;
}

interface AroundFault {
  readonly example: Json | undefined;
  readonly sourceOf: SourceOf | undefined;
  /** Keys that a node may have. */
  readonly ofNodes: ReadonlySet<string>;
}

/** What the same thing is called elsewhere. */
const ALIASES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  armv8: 'arm64',
  fcos: 'fedora-coreos',
  fedora: 'fedora-coreos',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
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
  const fits = (one: string): boolean => new RegExp(String(schema['pattern'])).test(one);
  if (about === 'sshkey' && /^(?:ssh|ecdsa|sk)-\S+ /.test(text)) {
    return { message: 'holds a key itself', remedy: 'put it into sshkeys/NAME.pub, and write "NAME" here' };
  }
  const near = [text.toLowerCase(), text.trim(), text.replaceAll(/[{}]/g, ''), text.replaceAll(/[Oo]/g, '0')].find(
    fits,
  );
  const remedy = near === undefined ? hint(schema) : `write ${JSON.stringify(near)}`;
  return { message: `${shown(text)} ${whatIsIn(text, hint(schema) ?? '', NOT[String(about)])}`, remedy };
}

const NOT: Readonly<Record<string, string>> = {
  mac: 'is not a MAC address',
  uuid: 'is not a UUID',
  ip: 'is not an IP address alone',
};

/** No pattern lets more through. */
const LONGEST = 1024;

/** Names the first thing that may be in no value that reaches a boot script. */
function whatIsIn(value: string, rule: string, not = 'is not allowed here'): string {
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
  return not;
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
