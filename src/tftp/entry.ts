import type { RemoteInfo, Socket } from 'node:dgram';
import type { Session } from './session.ts';
import type { Slot } from './slots.ts';

/** A request being served. Its session is missing until the file is open. */
export interface Entry {
  readonly request: Buffer;
  readonly client: RemoteInfo;
  slot: Slot | undefined;
  session: Session | undefined;
  /** The transfer's own socket; the listener's in single-port mode. */
  socket: Socket | undefined;
  over: boolean;
}

/** Transfers are told apart by their client's address and port. */
export function keyOf(client: RemoteInfo): string {
  return `${client.address} ${String(client.port)}`;
}

/** A file's name for the log. */
export function printable(name: string): string {
  return name.slice(0, 128).replaceAll(/[^\x20-\x7e]/g, '?');
}
