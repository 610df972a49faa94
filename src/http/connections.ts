import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { remember } from './peer.ts';

const NONE: ReadonlySet<ServerResponse> = new Set();

/**
 * Who is connected and which answers are still being sent: what a graceful stop needs to know. Node's own
 * closeIdleConnections() counts a silent new connection as busy, and its timeouts end with server.close().
 */
export class Connections {
  readonly #running = new Map<Socket, Set<ServerResponse>>();
  #closing = false;

  get closing(): boolean {
    return this.#closing;
  }

  get size(): number {
    return this.#running.size;
  }

  add(socket: Socket): void {
    remember(socket);
    this.#running.set(socket, new Set());
    socket.once('close', () => this.#running.delete(socket));
    if (this.#closing) socket.destroy();
  }

  /** Answers that this connection waits for. */
  running(socket: Duplex): ReadonlySet<ServerResponse> {
    const known: ReadonlyMap<Duplex, ReadonlySet<ServerResponse>> = this.#running;
    return known.get(socket) ?? NONE;
  }

  /** Keeps an answer in mind until it is out or its connection is gone. */
  begin(socket: Socket, res: ServerResponse): void {
    const answers = this.#running.get(socket);
    answers?.add(res);
    res.once('close', () => {
      answers?.delete(res);
      if (this.#closing && answers?.size === 0) socket.destroySoon();
    });
  }

  /** Ends what waits for nothing, now; the others end with their answer. */
  close(): void {
    this.#closing = true;
    for (const [socket, answers] of this.#running) if (answers.size === 0) socket.destroySoon();
  }

  /** Ends everything, in the middle of an answer too. */
  cut(): void {
    this.#closing = true;
    for (const socket of this.#running.keys()) socket.destroy();
  }
}
