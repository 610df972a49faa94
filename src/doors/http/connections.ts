import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Who is connected and which answers are still being sent: what a graceful stop needs to know. Node's own
 * closeIdleConnections() counts a silent new connection as busy, and its timeouts end with server.close().
 */
export class Connections {
  readonly #running = new Map<Socket, number>();
  #closing = false;

  add(socket: Socket): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    this.#running.set(socket, 0);
    socket.once('close', () => {
      this.#running.delete(socket);
    });
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Answers that this connection waits for. */
  running(socket: Duplex): number {
    const counts: ReadonlyMap<Duplex, number> = this.#running;
    return counts.get(socket) ?? 0;
  }

  /** Counts an answer until it is out or its connection is gone. */
  begin(socket: Socket, res: ServerResponse): void {
    this.#running.set(socket, this.running(socket) + 1);
    res.once('close', () => {
      const left = this.running(socket) - 1;
      if (this.#running.has(socket)) this.#running.set(socket, left);
      if (this.#closing && left <= 0) socket.destroySoon();
    });
  }

  /** Ends what waits for nothing, now; the others end with their answer. */
  close(): void {
    this.#closing = true;
    for (const [socket, count] of this.#running) if (count === 0) socket.destroySoon();
  }

  /** Ends everything, in the middle of an answer too. */
  cut(): void {
    this.#closing = true;
    for (const socket of this.#running.keys()) socket.destroy();
  }

  get size(): number {
    return this.#running.size;
  }
}
