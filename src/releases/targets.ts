import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Failure } from '../model/failure.ts';

// Where a publisher's answer may not send us: ourselves, our networks, and the cloud's metadata service. RFC 6890,
// RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291, RFC 6052 (an IPv4 address behind NAT64), RFC 3056 (6to4).
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

/** True for addresses that are not on the public internet. IPv4-mapped IPv6 addresses count as what they hold. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  return family === 0 || PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** `host:port`, with the scheme's port when the URL names none. */
export function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`;
}

/**
 * An address that may be asked. Throws Failure `refused` for other schemes than http and https, for credentials, and
 * for private addresses that are not configured (URL has normalised spellings such as 0177.1 and 2130706433 by now).
 */
export function checkTarget(text: string, base: URL | undefined, configured: ReadonlySet<string>): URL {
  if (!URL.canParse(text, base?.href)) throw new Failure('refused', 'an address that is none');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Failure('refused', `${shownUrl(url)} is neither http nor https`);
  if (url.username !== '' || url.password !== '') throw new Failure('refused', `${shownUrl(url)} holds a password`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isPrivateAddress(host) && !configured.has(hostAndPort(url))) throw inside(shownUrl(url));
  return url;
}

/** Node's lookup for one URL, which refuses names that lead into a private network unless this host was configured. */
export function guardedLookup(lookup: LookupFunction, url: URL, configured: ReadonlySet<string>): LookupFunction {
  if (configured.has(hostAndPort(url))) return lookup;
  return (name, options, callback) => {
    lookup(name, options, (error, addresses, family) => {
      const found =
        typeof addresses === 'string'
          ? [addresses]
          : (addresses as typeof addresses | undefined)?.map(({ address }) => address);
      const bad = error === null && (found ?? []).some(isPrivateAddress);
      callback(bad ? inside(shownUrl(url)) : error, addresses, family);
    });
  };
}

/** Without credentials, query and fragment, at most 200 characters. */
export function shownUrl(url: URL): string {
  const text = `${url.protocol}//${url.host}${url.pathname}`;
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

function inside(shown: string): Failure {
  return new Failure('refused', `${shown} is in a private network and not configured`, {
    remedy: 'a mirror of your own is named with PILOTLIGHT_MIRROR_<SYSTEM>',
  });
}
