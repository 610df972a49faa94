import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Origin } from '../../model/origin.ts';
import { peerOf } from '../../http/peer.ts';

/**
 * A base URL with https means a proxy in front that speaks TLS: then, and only then, what it says in X-Forwarded-For
 * and X-Forwarded-Proto counts. Without one, anybody could say it.
 */
function behindTls(baseUrl: Origin | undefined): boolean {
  return baseUrl?.startsWith('https://') ?? false;
}

/** Whose failures count together: an address, or for IPv6 its /64, of which one host owns all. */
export function clientKey(req: Pick<IncomingMessage, 'headers' | 'socket'>, baseUrl: Origin | undefined): string {
  const peer = peerOf(req) ?? '';
  return groupOf(behindTls(baseUrl) ? (forwardedFor(req.headers['x-forwarded-for']) ?? peer) : peer);
}

/** Whether the browser came by https: a cookie may then be kept from all plain requests. */
export function cameByTls(req: Pick<IncomingMessage, 'headers'>, baseUrl: Origin | undefined): boolean {
  return behindTls(baseUrl) && String(req.headers['x-forwarded-proto'] ?? '').toLowerCase() === 'https';
}

/** The last address is the one that the nearest proxy saw; those before it are hearsay. */
function forwardedFor(line: string | readonly string[] | undefined): string | undefined {
  const last = String(line ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return last !== undefined && isIP(last) !== 0 ? last : undefined;
}

function groupOf(address: string): string {
  const plain = address
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/%.*$/, '');
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
