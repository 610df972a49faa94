import { createHash } from 'node:crypto';
import type { StoredToken } from '../model/discovery.ts';

const TOKEN = /^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/;
const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;

/** A random one has 32 hex digits; an operator may also bring a UUID or what sha1sum prints. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** More than nine members make etcd slower, not safer. */
export function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= 9;
}

/**
 * Whether a token may go to make room for another: one that nobody used within the hour, or whose cluster has formed a
 * month ago (its members do not ask again, and a wiped one is refused either way). Never one that members wait at, and
 * never one that a profile asked for.
 */
export function idleToken({ complete, members, cluster, createdAt }: StoredToken, now: number): boolean {
  if (cluster !== undefined) return false;
  if (complete) return now - createdAt > MONTH;
  return members.length === 0 && now - createdAt > HOUR;
}

/** What a member says of itself, read. */
export interface MemberWords {
  readonly name: string;
  /** At least one: `http://10.0.1.10:2380`. */
  readonly urls: readonly string[];
}

const MAX_VALUE = 1024;
const NAME = /^[A-Za-z0-9._-]{1,128}$/;
const URL_FORM = /^https?:\/\/(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/;
const ID = /^[0-9a-f]{1,16}$/;

/** etcd prints its 64 bits in hex without leading zeros. */
export function isMemberId(text: string): boolean {
  return ID.test(text);
}

/** Reads `name=url` or, for several peer URLs, `name=url1,name=url2`. Undefined for anything else. */
export function readMember(value: string): MemberWords | undefined {
  if (value.length > MAX_VALUE) return undefined;
  const urls: string[] = [];
  let name: string | undefined;
  for (const pair of value.split(',')) {
    const equals = pair.indexOf('=');
    const [key, url] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const port = Number(URL_FORM.exec(url)?.[1]);
    if (equals < 0 || !NAME.test(key) || !(port >= 1 && port <= 65_535)) return undefined;
    if (name !== undefined && name !== key) return undefined;
    name = key;
    urls.push(url);
  }
  return name === undefined ? undefined : { name, urls };
}

/**
 * The ID that etcd gives itself: the first 8 bytes of SHA-1 over its peer URLs, sorted, and the discovery URL as it was
 * given (etcd 2.3 to 3.6, membership.NewMember). One slash more in the URL is another ID and another cluster.
 */
export function memberId(urls: readonly string[], discoveryUrl: string): string {
  const hash = createHash('sha1')
    .update([...urls].sort().join('') + discoveryUrl)
    .digest();
  return hash.readBigUInt64BE(0).toString(16);
}
