import type { Json } from '../model/profile.ts';
import { Diagnostics } from '../text/diagnostics.ts';
import { eachKey, JsonPlaces, parseJson } from '../text/json.ts';
import { explainJsonFault } from '../text/json-fault.ts';
import { linesNotUtf8, Lines, shortened } from '../text/text.ts';

/** What a file's bytes say. Without `value` there is at least one error among the diagnostics. */
interface JsonReading {
  readonly value?: Json;
  readonly diagnostics: Diagnostics;
  readonly places: JsonPlaces;
}

const MAX_DEPTH = 64;
const MAX_PROBLEMS = 20;
const BOM = '\uFEFF';
// Names that reach into a prototype. Templates and naive merges look them up, so no file may hold them as its own.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Strict JSON (RFC 8259) in UTF-8: no comments, no trailing commas, no key twice, at most 64 levels deep. */
export function readJson(bytes: Buffer, file: string): JsonReading {
  const text = bytes.toString('utf8');
  const body = text.startsWith(BOM) ? text.slice(1) : text;
  const diagnostics = new Diagnostics(body, file);
  const places = new JsonPlaces(body);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    diagnostics.error('is UTF-16, not UTF-8', { offset: 0, remedy: 'save it as UTF-8' });
    return { diagnostics, places };
  }
  const [wrong] = linesNotUtf8(bytes);
  if (wrong !== undefined) {
    diagnostics.error('holds bytes that are not UTF-8', { at: wrong, remedy: 'save it as UTF-8' });
    return { diagnostics, places };
  }
  if (body.length !== text.length) {
    const remedy = 'save it as UTF-8 without BOM';
    diagnostics.warn('begins with a byte order mark, which JSON does not allow', { offset: 0, remedy });
  }
  const json = parseJson(body, MAX_DEPTH);
  if (json.fault !== undefined) {
    const special = SPECIAL[json.fault.code];
    const { offset, message, remedy } = explainJsonFault(body, json.fault);
    if (special === undefined) diagnostics.error(`is not JSON: ${message}`, { offset, remedy });
    else diagnostics.error(special.message, { offset: json.fault.offset, remedy: special.remedy });
    return { diagnostics, places };
  }
  checkKeys(body, diagnostics);
  return diagnostics.hasError() ? { diagnostics, places } : { value: json.value, diagnostics, places };
}

const SPECIAL: Readonly<Record<string, { readonly message: string; readonly remedy: string }>> = {
  Empty: { message: 'is empty', remedy: 'write a JSON object such as {} or delete the file' },
  TooDeep: { message: 'is nested over 64 levels deep', remedy: 'flatten it' },
};

/** Names that stand twice or may not stand there. */
function checkKeys(text: string, diagnostics: Diagnostics): void {
  let lines: Lines | undefined;
  eachKey(text, ({ name, offset, first, path }) => {
    if (diagnostics.all.length >= MAX_PROBLEMS) return;
    if (FORBIDDEN.has(name)) {
      diagnostics.error(`the key \`${name}\` is not allowed`, { path: path(), offset, remedy: 'choose another name' });
    } else if (first !== undefined) {
      lines ??= new Lines(text);
      const message = `the key \`${shortened(name)}\` is here for the second time (first in line ${lines.at(first).line})`;
      diagnostics.error(message, { path: path(), offset, remedy: 'remove one of them' });
    }
  });
}
