import { createHash } from 'node:crypto';

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
