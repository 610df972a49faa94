import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { plainAddress } from '../model/machine.ts';

const known = new WeakMap<Socket, string>();

/** Looks at a new connection: the address of a client that has left cannot be asked for any more. */
export function remember(socket: Socket): void {
  if (socket.remoteAddress !== undefined) known.set(socket, plainAddress(socket.remoteAddress));
}

/** The address of the client, as IPv4 where it is one, also after it has left. Undefined for one that left before it was looked at. */
export function peerOf(req: Pick<IncomingMessage, 'socket'>): string | undefined {
  const behind = proxied.get(req);
  if (behind !== undefined) return behind.address;
  const socket = socketOf(req);
  if (socket === null) return undefined;
  return known.get(socket) ?? (socket.remoteAddress && plainAddress(socket.remoteAddress));
}

/** Node's own stream helpers (`pipeline`, `for await`) take the socket from a request that they destroy. */
export function socketOf({ socket }: Pick<IncomingMessage, 'socket'>): Socket | null {
  return socket;
}

/** Who asks, where proxies are trusted. */
export interface ProxiedClient {
  readonly address: string | undefined;
  /** It came to the proxy by TLS. */
  readonly tls: boolean;
}

const proxied = new WeakMap<object, ProxiedClient>();

/** Looks behind the proxies that are trusted: from now on the request is its client's. */
export function lookBehindProxies(req: IncomingMessage, trust: ProxyTrust): void {
  const peer = peerOf(req);
  if (peer === undefined || !trust.trusts(peer)) {
    proxied.set(req, { address: peer, tls: false });
    return;
  }
  const scheme = String(req.headers['x-forwarded-proto'] ?? '')
    .split(',')
    .at(-1);
  const address = trust.clientOf(peer, req.headers['x-forwarded-for']?.toString());
  proxied.set(req, { address, tls: scheme?.trim().toLowerCase() === 'https' });
}

/** Undefined where no proxy is trusted. */
export function proxiedClientOf(req: object): ProxiedClient | undefined {
  return proxied.get(req);
}

/** The address that asks, as IPv4 where it is one. Undefined when the connection is gone already. */
export function askerOf(req: Pick<IncomingMessage, 'socket'>): string | undefined {
  const address = proxied.get(req)?.address ?? req.socket.remoteAddress;
  return address === undefined ? undefined : plainAddress(address);
}

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
