import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { plainAddress } from '../model/machine.ts';
import type { ProxyTrust } from '../net/trusted-proxies.ts';

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
