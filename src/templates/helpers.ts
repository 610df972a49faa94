import type { Json, JsonObject } from '../model/profile.ts';
import { gzipBase64 } from '../model/text.ts';

/** What a template may call beside the blocks `if`, `unless`, `each` and `with`. Pure, and none reads a file. */
export const HELPERS: ReadonlyMap<string, Helper> = new Map<string, Helper>([
  ['json', (call) => safeJson(one(call), count(call, 'indent'))],
  ['yaml', (call) => safeJson(one(call), 0)],
  ['indent', indent],
  ['join', join],
  ['eq', (call) => two(call)[0] === two(call)[1]],
  ['ne', (call) => two(call)[0] !== two(call)[1]],
  ['not', (call) => !truthy(one(call))],
  ['and', (call) => call.args.every(truthy)],
  ['or', (call) => call.args.some(truthy)],
  ['has', (call) => (reach(call) ?? null) !== null],
  ['lookup', lookup],
  ['base64', (call) => Buffer.from(text(call, one(call))).toString('base64')],
  ['gzipBase64', (call) => gzipBase64(text(call, one(call)))],
]);

/** Handlebars' own idea of truth: an empty list is false; 0 is false too, unlike in Handlebars' `{{#with}}`. */
export function truthy(value: Json): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/**
 * JSON that is also right inside YAML: JSON allows U+0085, U+2028 and U+2029 as they are, YAML 1.1 (5.4) ends a line
 * there, and neither DEL nor the C1 controls are printable in it (5.1).
 */
function safeJson(value: Json, indentation: number): string {
  const plain = JSON.stringify(value, undefined, indentation);
  return plain.replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Every line but the first moves right: the first stands where the tag stands. */
function indent(call: HelperCall): string {
  const [value, width] = two(call);
  if (typeof width !== 'number' || !Number.isInteger(width) || width < 0 || width > 100) {
    return call.fail('indent needs a number of spaces', 'write {{indent text 6}}');
  }
  return text(call, value)
    .trimEnd()
    .replaceAll(/\n(?=[^\n])/g, `\n${' '.repeat(width)}`);
}

function join(call: HelperCall): string {
  const [list, between = ','] = call.args;
  if (!Array.isArray(list) || call.args.length > 2) return call.fail('join needs a list', 'write {{join list ","}}');
  return list.map((item: Json) => text(call, item)).join(text(call, between));
}

function reach(call: HelperCall): Json | undefined {
  const [start, ...keys] = call.args;
  if (start === undefined || keys.length === 0) {
    return call.fail('this needs an object and the name of a key', 'write {{lookup vars "disk" default="/dev/sda"}}');
  }
  let value: Json | undefined = start;
  for (const key of keys) value = own(value, text(call, key));
  return value;
}

function lookup(call: HelperCall): Json {
  const value = reach(call);
  // A null is as good as missing.
  const found = (value ?? null) === null ? call.options.get('default') : value;
  if (found !== undefined) return found;
  const keys = call.args.slice(1).map((key) => (typeof key === 'string' ? key : JSON.stringify(key)));
  return call.fail(`variable "${keys.join('.')}" is not there`, 'define it, or add default="..." to the lookup');
}

function one(call: HelperCall): Json {
  const [value] = call.args;
  if (value === undefined || call.args.length > 1) return call.fail('this helper needs one value', 'give it one');
  return value;
}

function two(call: HelperCall): readonly [Json, Json] {
  const [a, b] = call.args;
  if (a === undefined || b === undefined || call.args.length > 2) {
    return call.fail('this helper needs two values', 'give it two');
  }
  return [a, b];
}

function count(call: HelperCall, option: string): number {
  const value = call.options.get(option) ?? 0;
  return typeof value === 'number' && value >= 0
    ? Math.min(value, 10)
    : call.fail(`${option} needs a number`, 'give it one');
}

/** What a value looks like in the text. Lists and objects have no one look, and a null is as good as missing. */
function text(call: HelperCall, value: Json): string {
  if (typeof value !== 'object') return String(value);
  return value === null
    ? call.fail('a value is null', 'give it a value, or ask for it by {{#if (has ...)}}')
    : call.fail('a list or an object is not text', 'use {{json ...}}, {{join ...}} or {{#each ...}}');
}

/** What a helper is called with. `fail` never returns: it names the helper's line. */
export interface HelperCall {
  readonly args: readonly Json[];
  readonly options: ReadonlyMap<string, Json>;
  fail(message: string, remedy: string): never;
}

export type Helper = (call: HelperCall) => Json;

/** A property of the data itself, never one of a prototype. Lists may have some beside their items: `cluster` has. */
export function own(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}
