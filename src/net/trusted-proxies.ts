import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../model/machine.ts';

/** Addresses and networks whose word about their clients counts. */
export interface ProxyTrust {
  trusts(address: string): boolean;
  /**
   * The client behind proxies: X-Forwarded-For is read from its end, where the nearest proxy wrote, as long as the one
   * who says it is trusted. What stands before the first that is not is hearsay.
   */
  clientOf(peer: string, forwardedFor: string | undefined): string;
}

export function createProxyTrust(ranges: readonly { readonly address: string; readonly bits: number }[]): ProxyTrust {
  const list = new BlockList();
  for (const { address, bits } of ranges) {
    list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  function trusts(address: string): boolean {
    const plain = plainAddress(address).replace(/%.*$/, '');
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }

  return {
    trusts,
    clientOf(peer, forwardedFor) {
      let client = peer;
      const said = (forwardedFor ?? '').split(',').reverse();
      for (const entry of said) {
        if (!trusts(client)) break;
        const address = addressIn(entry);
        if (address === undefined) break;
        client = address;
      }
      return client;
    },
  };
}

/** Some proxies write the port, too: `10.0.0.7:4711`, `[fd00::7]:4711`. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : bare;
}
