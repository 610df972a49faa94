import { type IncomingHttpHeaders } from 'node:http';

/** What a request's conditions are held against. */
export interface Validators {
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
    const known = noneMatch.trim() === '*' || tagsOf(noneMatch).some((tag) => tag.replace(/^W\//, '') === now.etag);
    return known ? 'not-modified' : 'send';
  }
  const since = dateOf(headers['if-modified-since']);
  return since !== undefined && seconds(now.mtimeMs) <= seconds(since) ? 'not-modified' : 'send';
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
