import { Failure } from '../model/failure.ts';
import {
  isUuidText,
  type Label,
  type Mac,
  type MachineArch,
  type MachineFacts,
  parseArch,
  parseLabel,
  parseSentMac,
  parseUuid,
  type Platform,
  type Uuid,
} from '../model/machine.ts';
import { omitUndefined } from '../model/omit-undefined.ts';
import { parseName } from '../model/name.ts';
import type { Question } from '../model/plan.ts';

/** The keys that any machine route understands; everything else in a query is ignored. */
export const FACT_KEYS = [
  'mac',
  'uuid',
  'serial',
  'hostname',
  'asset',
  'manufacturer',
  'product',
  'arch',
  'platform',
] as const;
type FactKey = (typeof FACT_KEYS)[number];
type QueryKey = FactKey | 'profile' | 'name';

/** Known keys with their values as they were sent, still encoded: how to decode depends on the key. */
export type Query = ReadonlyMap<QueryKey, string>;

const KNOWN: ReadonlySet<string> = new Set<QueryKey>([...FACT_KEYS, 'profile', 'name']);
const MAX_KEYS = 32;

/**
 * Reads a query without its `?`. Throws Failure `invalid` for more than 32 keys, for a known key that is given twice
 * (two readers would disagree which one counts) and for keys with brackets (other servers build objects from them).
 */
export function parseQuery(text: string): Query {
  const query = new Map<QueryKey, string>();
  if (text === '') return query;
  const pairs = text.split('&', MAX_KEYS + 1);
  if (pairs.length > MAX_KEYS) {
    throw new Failure('invalid', `the query has more than ${MAX_KEYS} keys`, {
      remedy: `known keys are ${[...KNOWN].join(', ')}`,
    });
  }
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = decodeTolerant(equals < 0 ? pair : pair.slice(0, equals));
    if (key.includes('[') || key.includes(']')) {
      throw new Failure('invalid', `the query key "${show(key)}" has brackets`, { remedy: 'keys are plain words' });
    }
    if (!isKnown(key)) continue;
    if (query.has(key)) throw new Failure('invalid', `${key} is given more than once`, { remedy: 'send it once' });
    query.set(key, equals < 0 ? '' : pair.slice(equals + 1));
  }
  return query;
}

// What iPXE says of a machine in matchbox's own start script and this server has no use for.
const FIRMWARE_KEYS: ReadonlySet<string> = new Set(['domain', 'ip', 'buildarch']);

/**
 * The keys with a value that no rule here knows. matchbox selects by them (`os=installed`); here they select nothing, and
 * an operator who relies on it must be told.
 */
export function unknownKeys(text: string): readonly string[] {
  if (text === '') return [];
  const keys: string[] = [];
  for (const pair of text.split('&', MAX_KEYS)) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals === pair.length - 1) continue;
    const key = decodeTolerant(pair.slice(0, equals));
    if (!isKnown(key) && !FIRMWARE_KEYS.has(key)) keys.push(key);
  }
  return keys;
}

/** A value that must be well encoded because something is looked up by it. Empty when it is absent. */
export function strictValue(query: Query, key: QueryKey): string {
  const raw = query.get(key) ?? '';
  const value = decodeStrict(raw);
  if (value !== undefined) return value;
  throw new Failure('invalid', `${key}: "${show(raw)}" is not well encoded`, { remedy: 'write % as %25, in UTF-8' });
}

function isKnown(key: string): key is QueryKey {
  return KNOWN.has(key);
}

const ARCHES: readonly MachineArch[] = ['i386', 'x86_64', 'arm32', 'arm64'];
const PLATFORMS: readonly Platform[] = ['pcbios', 'efi'];
const MAX_TEXT = 256;

/**
 * What a machine says of itself. Empty is absent (an iPXE setting that is not set), and so is a UUID that identifies
 * no machine. Strict where something is looked up by the value, tolerant where it is only text. Throws Failure `invalid`
 * naming the key.
 */
export function factsFromQuery(query: Query): MachineFacts {
  const mac = readMac(query);
  const uuid = readUuid(query);
  const serial = readLabel(query, 'serial');
  const hostname = readLabel(query, 'hostname');
  const asset = readLabel(query, 'asset');
  const manufacturer = readLabel(query, 'manufacturer');
  const product = readLabel(query, 'product');
  const arch = readWord(query, 'arch', ARCHES, parseArch);
  const platform = readWord(query, 'platform', PLATFORMS, platformNamed);
  return omitUndefined({ mac, uuid, serial, hostname, asset, manufacturer, product, arch, platform });
}

/** A MAC from a path or a query, in any spelling. Throws Failure `invalid`. */
export function macFromText(text: string): Mac {
  const mac = parseSentMac(text);
  if (mac !== undefined) return mac;
  throw new Failure('invalid', `mac: "${show(text)}" is not a MAC address`, {
    remedy: 'six pairs of hexadecimal digits, such as 52-54-00-55-1c-ee',
  });
}

function readMac(query: Query): Mac | undefined {
  const text = strictValue(query, 'mac');
  return text === '' ? undefined : macFromText(text);
}

function readUuid(query: Query): Uuid | undefined {
  const text = strictValue(query, 'uuid');
  if (text === '') return undefined;
  if (isUuidText(text)) return parseUuid(text);
  throw new Failure('invalid', `uuid: "${show(text)}" is not a UUID`, {
    remedy: 'such as c6c30f6a-4a1b-4337-8325-c4c2543ad437',
  });
}

function readLabel(query: Query, key: FactKey): Label | undefined {
  const text = decodeTolerant(query.get(key) ?? '');
  if (Buffer.byteLength(text) > MAX_TEXT) {
    throw new Failure('invalid', `${key} is longer than ${MAX_TEXT} bytes`, { remedy: 'send less, or leave it out' });
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new Failure('invalid', `${key} has a control character`, { remedy: 'send printable text, or leave it out' });
  }
  return parseLabel(text);
}

function platformNamed(text: string): Platform | undefined {
  return PLATFORMS.find((candidate) => candidate === text);
}

function readWord<T extends string>(
  query: Query,
  key: FactKey,
  words: readonly T[],
  parse: (text: string) => T | undefined,
): T | undefined {
  const text = strictValue(query, key);
  if (text === '') return undefined;
  const word = parse(text);
  if (word !== undefined) return word;
  throw new Failure('invalid', `${key}: "${show(text)}" is unknown`, { remedy: `one of ${words.join(', ')}` });
}

/** Undefined for a malformed `%` and for bytes that are not UTF-8 (overlong forms such as `%c0%ae` included). */
export function decodeStrict(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * For free text. A malformed `%` stays as it is and bytes that are not UTF-8 become U+FFFD: iPXE sends both
 * (`${serial:uristring}` prints a byte over 0x7f as `%FFFFFFEE`, and 2019 builds decode once more than they encode).
 * `+` stays a plus: iPXE never escapes it, and these routes take no HTML forms.
 */
export function decodeTolerant(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** A piece of a request for an error line: printable ASCII only, at most 64 characters. */
export function show(text: string): string {
  const clean = text.slice(0, 65).replaceAll(/[^\x20-\x7e]/g, '?');
  return clean.length > 64 ? `${clean.slice(0, 61)}...` : clean;
}

/** Who asks, and what was chosen at the screen of an unknown machine. */
export type Who = Pick<Question, 'facts' | 'choice'>;

/** From a query. Throws Failure `invalid` as factsFromQuery does. What is no name was chosen at no menu of ours. */
export function whoFromQuery(query: Query): Who {
  const choice = parseName(decodeStrict(query.get('profile') ?? '') ?? '');
  return omitUndefined({ facts: factsFromQuery(query), choice });
}

/** A machine as a segment of a path: its MAC, its UUID, or the words of a query (`uuid=...&serial=...`). */
export function whoFromSegment(segment: string): Who {
  if (segment.includes('=')) return whoFromQuery(parseQuery(segment));
  const text = decodeStrict(segment) ?? segment;
  const uuid = parseUuid(text);
  return { facts: uuid === undefined ? { mac: macFromText(text) } : { uuid } };
}
