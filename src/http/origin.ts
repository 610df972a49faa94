import { Failure } from '../model/failure.ts';
import { originFromHost, type Origin } from '../model/origin.ts';
import { show } from './percent.ts';
import { agentOf, type RequestHead } from './request-head.ts';

/** The end of the connection that is ours. */
export interface LocalEnd {
  /** The other end: who asks. */
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/**
 * Where answers point to: the configured base URL, else the Host line, else (HTTP/1.0) the address that was asked.
 * UEFI HTTP boot leaves the port out of its Host line, so there the socket's is added. Throws Failure `invalid` for
 * a Host line that is anything but a host and a port: it would end up in a script.
 */
export function originOf(head: RequestHead, end: LocalEnd, baseUrl: Origin | undefined): Origin {
  if (baseUrl !== undefined) return baseUrl;
  const host = head.host ?? localHost(end);
  const bare = agentOf(head.userAgent) === 'uefi' && !/:\d+$/.test(host) && end.localPort !== undefined;
  return checked(bare && end.localPort !== 80 ? `${host}:${String(end.localPort)}` : host);
}

/** The same for `/?profile=NAME`, where coreos-ipxe-server wrote the Host line as it came. */
export function legacyOriginOf(head: RequestHead, end: LocalEnd, baseUrl: Origin | undefined): Origin {
  return baseUrl ?? checked(head.host ?? localHost(end));
}

/** The address that asks, as IPv4 where it is one. Undefined when the connection is gone already. */
export function askerOf({ remoteAddress }: LocalEnd): string | undefined {
  return remoteAddress === undefined ? undefined : plainAddress(remoteAddress);
}

function checked(host: string): Origin {
  const origin = originFromHost(host);
  if (origin !== undefined) return origin;
  throw new Failure('invalid', `the Host line "${show(host)}" is not a host name or address`, {
    remedy: 'ask by name or address, or set PILOTLIGHT_BASE_URL',
  });
}

function localHost(end: LocalEnd): string {
  const address = plainAddress(end.localAddress ?? '').replace(/%.*$/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${String(end.localPort ?? 80)}`;
}

/** An IPv4 client of a socket that listens on :: is seen at ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2). */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
