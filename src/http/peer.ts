import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const known = new WeakMap<Socket, string>();

/** Looks at a new connection: the address of a client that has left cannot be asked for any more. */
export function remember(socket: Socket): void {
  if (socket.remoteAddress !== undefined) known.set(socket, socket.remoteAddress);
}

/** The address of the client, also after it has left. Undefined for one that left before it was looked at. */
export function peerOf(req: Pick<IncomingMessage, 'socket'>): string | undefined {
  const socket = socketOf(req);
  return socket === null ? undefined : (known.get(socket) ?? socket.remoteAddress);
}

/** Node's own stream helpers (`pipeline`, `for await`) take the socket from a request that they destroy. */
export function socketOf({ socket }: Pick<IncomingMessage, 'socket'>): Socket | null {
  return socket;
}
