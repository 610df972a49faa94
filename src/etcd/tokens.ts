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
