import type { IncomingHttpHeaders } from 'node:http';

/** What a Range header asks of a representation of a known size. `end` is exclusive. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: ByteRange = { kind: 'whole' };
// The header may hold 16 KiB; no honest client asks for more parts than this at once.
const MOST_PARTS = 1000;

/**
 * RFC 9110 14.1.2 and 14.2. A header that is malformed or has another unit is ignored. Of several parts, those that
 * touch or overlap become one; if more than one is left, the whole is sent (as 14.2 allows): no multipart, and nothing
 * that makes us send more bytes than the file has.
 */
export function parseRange(header: string | undefined, size: number): ByteRange {
  const list = header === undefined ? undefined : /^bytes[ \t]*=(.*)$/i.exec(header)?.[1];
  if (list === undefined) return WHOLE;
  const specs = list.split(',').map((spec) => spec.trim());
  const asked = specs.filter((spec) => spec !== '');
  if (asked.length === 0 || asked.length > MOST_PARTS) return WHOLE;
  const parts = asked.map((spec) => parsePart(spec, size));
  if (parts.includes('malformed')) return WHOLE;
  const satisfiable = parts.filter((part) => typeof part !== 'string');
  return satisfiable.length === 0 ? { kind: 'unsatisfiable' } : merge(satisfiable);
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function parsePart(spec: string, size: number): Part | 'malformed' | 'unsatisfiable' {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'malformed';
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return 'malformed';
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** A suffix longer than the file is the whole file, as 206 (RFC 9110 14.1.2). */
function suffix(length: number, size: number): Part | 'unsatisfiable' {
  return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size };
}

function merge(parts: readonly Part[]): ByteRange {
  const sorted = [...parts].sort((a, b) => a.start - b.start);
  const start = sorted[0]?.start ?? 0;
  let end = start;
  for (const part of sorted) {
    if (part.start > end) return WHOLE;
    end = Math.max(end, part.end);
  }
  return { kind: 'part', start, end };
}

/** What a request's conditions are held against. */
interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string;
  readonly mtimeMs: number;
}

/** RFC 9110 13.2.2, for GET and HEAD, without Range. */
export function precondition(headers: IncomingHttpHeaders, now: Validators): 'send' | 'not-modified' | 'failed' {
  const match = headers['if-match'];
  const unmodified = dateOf(headers['if-unmodified-since']);
  if (match !== undefined) {
    // Strong comparison (RFC 9110 13.1.1): a weak tag never matches.
    if (match.trim() !== '*' && !tagsOf(match).includes(now.etag)) return 'failed';
  } else if (unmodified !== undefined && seconds(now.mtimeMs) > seconds(unmodified)) {
    return 'failed';
  }
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) {
    return matchesTag(noneMatch, now.etag) ? 'not-modified' : 'send';
  }
  const since = dateOf(headers['if-modified-since']);
  return since !== undefined && seconds(now.mtimeMs) <= seconds(since) ? 'not-modified' : 'send';
}

/** Whether an If-None-Match holds the client's copy for this one (RFC 9110 13.1.2: weak comparison). */
export function matchesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === '*' || tagsOf(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
}

/**
 * RFC 9110 13.1.5: whether a Range header counts. With another ETag, a weak one, or another date than ours it does not:
 * the client holds parts of something else and gets the whole. Node gives If-Range as a single string.
 */
export function rangeApplies(headers: IncomingHttpHeaders, now: Validators, clockMs: number): boolean {
  const condition = headers['if-range'];
  if (typeof condition !== 'string') return true;
  const tag = condition.trim();
  if (tag.startsWith('"') || tag.startsWith('W/')) return tag === now.etag;
  const date = dateOf(tag);
  // A file may change twice within one second: its date says something only when that second has passed (8.8.2.2).
  return date !== undefined && seconds(date) === seconds(now.mtimeMs) && clockMs - now.mtimeMs >= 1000;
}

/** The value of Last-Modified. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function tagsOf(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function dateOf(text: string | undefined): number | undefined {
  // HTTP dates begin with the day's name; Date.parse would take much else.
  if (text === undefined || !/^[A-Z][a-z]{2,8}[, ]/.test(text.trim())) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
