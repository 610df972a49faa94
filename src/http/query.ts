import { Failure } from '../model/failure.ts';
import { decodeStrict, decodeTolerant, show } from './percent.ts';

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
export type FactKey = (typeof FACT_KEYS)[number];
export type QueryKey = FactKey | 'profile' | 'name';

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

// What iPXE says of a machine in matchbox's own start script and this server has no use for: no one's choice, so no news.
const FIRMWARE_KEYS: ReadonlySet<string> = new Set(['domain', 'ip', 'buildarch']);

/**
 * The keys with a value that no rule here knows. matchbox selects by them (`os=installed`); here they select nothing, and
 * who relies on it has to hear that.
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
