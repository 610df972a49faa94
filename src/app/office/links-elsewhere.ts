import { localAddresses, type LocalAddress } from '../../doors/local-addresses.ts';
import type { Settings } from '../../settings/settings.ts';

const LOOPBACK = /^(?:127\.|\[::1\]$|localhost$)/;

/**
 * A link to this host as other hosts see it: with each of its IPv4 addresses, where the server listens on all of them.
 * Nothing for a link that names an address already.
 */
export function linksElsewhere(
  link: string,
  { http }: Pick<Settings, 'http'>,
  local: readonly LocalAddress[] = localAddresses(),
): readonly string[] {
  const url = new URL(link);
  if (!LOOPBACK.test(url.hostname) || (http.host !== '0.0.0.0' && http.host !== '::')) return [];
  return local
    .filter(({ family, internal }) => family === 4 && !internal)
    .map(({ address }) => {
      const there = new URL(link);
      there.hostname = address;
      return there.href;
    });
}
