import { Failure } from '../model/failure.ts';
import { originFromHost, type Origin } from '../model/origin.ts';
import { expandListen, localAddresses, type LocalAddress } from '../net/addresses.ts';
import type { Settings } from '../settings/settings.ts';

/**
 * What discovery URLs begin with. Every member must be given the same bytes, so this is the base URL of the settings, or
 * else the one address at which machines can reach this host, and never what a request says. Throws Failure
 * `unavailable` where it could be one or another.
 */
export function discoveryBase(
  { baseUrl, http }: Pick<Settings, 'baseUrl' | 'http'>,
  port: number,
  local: readonly LocalAddress[] = localAddresses(),
): Origin {
  if (baseUrl !== undefined) return baseUrl;
  const named = http.host !== '0.0.0.0' && http.host !== '::';
  const reached = named
    ? [http.host]
    : expandListen(
        http.host,
        local.filter(({ internal }) => !internal),
      ).filter((address) => !/^fe80:/i.test(address));
  const [address] = reached;
  const origin =
    address === undefined || reached.length > 1
      ? undefined
      : originFromHost(`${address.includes(':') ? `[${address}]` : address}:${String(port)}`);
  if (origin !== undefined) return origin;
  const why =
    reached.length > 1 ? `this host has several addresses (${reached.join(', ')})` : 'this host has no address';
  throw new Failure('unavailable', `discovery URLs need one spelling, and ${why}`, {
    remedy: 'set PILOTLIGHT_BASE_URL to how machines reach this server, http://192.168.122.1:4777',
  });
}
