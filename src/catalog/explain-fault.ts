import { nearest } from '../model/name.ts';
import type { Json, JsonObject } from '../model/profile.ts';
import type { JsonPath } from './json-text.ts';

/** Something in a profile that the schema does not allow, in words for the person who wrote it. */
export interface SchemaFault {
  /** Of the value at fault; of the unknown name when `atKey`. */
  readonly path: JsonPath;
  readonly atKey: boolean;
  readonly message: string;
  readonly remedy?: string;
}

/** What a schema's error is about, without the validator's own types. */
export interface RawFault {
  readonly keyword: string;
  readonly path: JsonPath;
  readonly params: JsonObject;
  readonly schema: JsonObject;
  readonly value: Json | undefined;
  /** Set when the error is about a name, not about a value. */
  readonly propertyName: string | undefined;
  readonly message: string;
}

/** Turns a validator's error into what a person needs: what is wrong, and what to do about it. */
export function explainFault(fault: RawFault): SchemaFault {
  if (fault.propertyName !== undefined) return badName(fault, fault.propertyName);
  switch (fault.keyword) {
    case 'additionalProperties':
      return unknownKey(fault, text(fault.params['additionalProperty']));
    case 'required':
      return lacking(fault, text(fault.params['missingProperty']));
    case 'enum':
      return notOneOf(fault);
    case 'type':
      return wrongType(fault);
    case 'pattern':
      return wrongText(fault);
    default:
      return { path: fault.path, atKey: false, message: `${shown(fault.value)} ${fault.message}` };
  }
}

function badName(fault: RawFault, name: string): SchemaFault {
  return { path: [...fault.path, name], atKey: true, message: `${shown(name)} cannot be a name here`, ...hint(fault) };
}

function unknownKey(fault: RawFault, key: string): SchemaFault {
  const known = Object.keys((fault.schema['properties'] ?? {}) as JsonObject);
  const meant = nearest(key, known);
  const remedy = meant === undefined ? `the keys here are ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  return { path: [...fault.path, key], atKey: true, message: `unknown key \`${cut(key)}\``, remedy };
}

function lacking(fault: RawFault, key: string): SchemaFault {
  const properties = (fault.schema['properties'] ?? {}) as JsonObject;
  const [example] = ((properties[key] as JsonObject | undefined)?.['examples'] ?? []) as readonly Json[];
  const remedy = example === undefined ? `add "${key}"` : `add "${key}": ${JSON.stringify(example)}`;
  return { path: fault.path, atKey: false, message: `lacks \`${key}\``, remedy };
}

function notOneOf(fault: RawFault): SchemaFault {
  const allowed = ((fault.schema['enum'] ?? []) as readonly Json[]).map(String);
  const meant = typeof fault.value === 'string' ? nearest(fault.value, allowed) : undefined;
  const remedy = meant === undefined ? `one of ${allowed.join(', ')}` : `did you mean \`${meant}\`?`;
  return { path: fault.path, atKey: false, message: `${shown(fault.value)} is not known here`, remedy };
}

function wrongType(fault: RawFault): SchemaFault {
  const wanted = [fault.params['type'] ?? []].flat() as readonly string[];
  // null is only tolerated: coreos-ipxe-server took it for "not set". Nobody needs to be told to write it.
  const names = wanted.filter((type) => type !== 'null').map((type) => TYPES[type] ?? type);
  const message = `must be ${names.join(' or ')}, not ${typeName(fault.value)}`;
  const list = wanted.includes('array') && typeof fault.value === 'string';
  return {
    path: fault.path,
    atKey: false,
    message,
    ...(list ? { remedy: `write [${JSON.stringify(cut(fault.value))}]` } : {}),
    ...(fault.path.length === 0 ? { remedy: 'a profile is one JSON object: { ... }' } : {}),
  };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function typeName(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  return TYPES[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

function wrongText(fault: RawFault): SchemaFault {
  const value = text(fault.value);
  const about = fault.path.at(-1);
  if (about === 'uuid' && /^(?:[0-]{36}|[f-]{36})$/i.test(value)) {
    const message = 'an all-zero or all-one UUID identifies nobody: machines that were never given one report it';
    return { path: fault.path, atKey: false, message, remedy: 'use mac or serial instead' };
  }
  if (about === 'mac' && /^(?:[0:.-]{12,17}|[f:.-]{12,17})$/i.test(value)) {
    const message = `${shown(value)} is no network card's address`;
    return {
      path: fault.path,
      atKey: false,
      message,
      remedy: 'write the address that the machine shows when it boots',
    };
  }
  return {
    path: fault.path,
    atKey: false,
    message: `${shown(value)} ${whatIsIn(value, fault.schema)}`,
    ...hint(fault),
  };
}

/** No pattern lets more through. */
const LONGEST = 1024;

/** Names the first thing that may be in no value that reaches a boot script. */
function whatIsIn(value: string, schema: JsonObject): string {
  if (value === '') return 'is empty';
  if (/[\r\n\u0085\u2028\u2029]/.test(value)) return 'holds a line break';
  if (/[^ -~]/.test(value)) return 'holds a character that is not printable ASCII';
  if (text(schema['patternErrorMessage']).includes('${')) {
    if (value.includes('${')) return 'holds ${, which iPXE would expand';
    if (/^#| #/.test(value)) return 'holds a word that begins with #: iPXE drops it and everything after it';
    if (/(?:^| )(?:;|&&|\|\|)(?: |$)/.test(value))
      return 'holds a stand-alone ; && or ||, which ends the command in iPXE';
    if (/\\(?: |$)/.test(value)) return 'holds a backslash at the end of a word, where iPXE joins lines';
  }
  if (value.length > LONGEST) return `is too long: ${value.length} characters`;
  return 'is not allowed here';
}

function hint(fault: RawFault): { readonly remedy?: string } {
  // Editors show the same text as a sentence of its own.
  const sentence = text(fault.schema['patternErrorMessage']);
  return sentence === '' ? {} : { remedy: sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '') };
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'this' : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
