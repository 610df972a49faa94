import { localAddresses, type LocalAddress } from '../../net/addresses.ts';

const LOOPBACK = /^(?:127\.|\[::1\]$|localhost$)/;

/**
 * A link to a server that listens on all addresses of this host, as other hosts see it: one for each IPv4 address.
 * Nothing for a link that names an address already.
 */
export function linksElsewhere(link: string, local: readonly LocalAddress[] = localAddresses()): readonly string[] {
  if (!LOOPBACK.test(new URL(link).hostname)) return [];
  return local
    .filter(({ family, internal }) => family === 4 && !internal)
    .map(({ address }) => {
      const there = new URL(link);
      there.hostname = address;
      return there.href;
    });
}
