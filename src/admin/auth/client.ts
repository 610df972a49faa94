import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { peerOf, proxiedClientOf } from '../../http/client-address.ts';
import { plainAddress } from '../../model/machine.ts';
import { canonicalAddress } from '../../model/ipv6.ts';
import type { Origin } from '../../model/plan.ts';

export const HOME = '/dashboard';

/**
 * Where to go after the login: a page of ours, whatever was asked for. Only letters that need no thought, so that no
 * browser can read another host in it (`//evil`, `/\evil`, a tab in between).
 */
export function nextPath(text: unknown): string {
  if (typeof text !== 'string' || text.length > 1024) return HOME;
  if (!/^\/dashboard(?:[/?][\w./?&=%:@,;+~-]*)?$/.test(text)) return HOME;
  return /^\/dashboard\/log(?:in|out)\b/.test(text) ? HOME : text;
}

/**
 * A base URL with https means a proxy in front that speaks TLS: then, and only then, what it says in X-Forwarded-For
 * and X-Forwarded-Proto counts. Without one, anybody could say it. With PILOTLIGHT_TRUSTED_PROXIES set, only those count.
 */
function behindTls(baseUrl: Origin | undefined): boolean {
  return baseUrl?.startsWith('https://') ?? false;
}

/** Whose failures count together: an address, or for IPv6 its /64, of which one host owns all. */
export function clientKey(req: Pick<IncomingMessage, 'headers' | 'socket'>, baseUrl: Origin | undefined): string {
  const peer = peerOf(req) ?? '';
  if (proxiedClientOf(req) !== undefined) return groupOf(peer);
  return groupOf(behindTls(baseUrl) ? (forwardedFor(req.headers['x-forwarded-for']) ?? peer) : peer);
}

/** Whether the browser came by https: a cookie may then be kept from all plain requests. */
export function cameByTls(req: Pick<IncomingMessage, 'headers' | 'socket'>, baseUrl: Origin | undefined): boolean {
  if ('encrypted' in req.socket && req.socket.encrypted === true) return true;
  const proxied = proxiedClientOf(req);
  if (proxied !== undefined) return proxied.tls;
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
  const plain = plainAddress(address.toLowerCase()).replace(/%.*$/, '');
  if (isIP(plain) !== 6) return plain;
  return `${canonicalAddress(plain)?.split(':').slice(0, 4).join(':') ?? plain}::/64`;
}

/**
 * Which page sent a request, as the browser says (docs/decisions/0012). `own`: one of this server. `foreign`: one of
 * another site, port or name, or one without an origin (a sandboxed frame). `unsaid`: neither Origin nor Sec-Fetch-Site
 * tells, as with programs; browsers send Origin with everything but GET and HEAD.
 */
export function senderOf(headers: IncomingHttpHeaders, baseUrl: Origin | undefined): 'own' | 'foreign' | 'unsaid' {
  // Sent to https and to localhost only. `none`: the person did it, not a page (Fetch Metadata, 2.3).
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'foreign';
  if (headers.origin === undefined) return site === 'same-origin' ? 'own' : 'unsaid';
  // A proxy may ask us by another name than the browser asked it; the base URL is the one that the operator gave it.
  const known = [headers.host, hostOf(baseUrl)].some((host) => isOrigin(headers.origin ?? '', host));
  return known ? 'own' : 'foreign';
}

/** The scheme is left out: behind a proxy that speaks TLS, only the browser knows it. */
function isOrigin(origin: string, host: string | undefined): boolean {
  const [, scheme, asked] = /^(https?):\/\/([^/?#@\s]+)$/i.exec(origin) ?? [];
  if (scheme === undefined || asked === undefined || host === undefined) return false;
  return bare(asked, scheme) === bare(host, scheme);
}

/** Without the port that the scheme means anyway. */
function bare(host: string, scheme: string): string {
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const lower = host.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

function hostOf(baseUrl: Origin | undefined): string | undefined {
  return baseUrl === undefined ? undefined : /^https?:\/\/([^/]+)/.exec(baseUrl)?.[1];
}
