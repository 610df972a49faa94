import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { type Slice } from '../images/chunk-cache.ts';
import { socketOf } from './peer.ts';

/**
 * Hands slices to a response, one at a time. A slice is released when the system has taken its last byte, or when the
 * socket is closed: from then on nothing reads its memory. The socket's own `close` counts, not the response's: an
 * answer that waits behind another one on the same connection never hears of it.
 */
export class BodyWriter {
  readonly #res: ServerResponse;
  /** Null of a request that was destroyed before. */
  readonly #socket: Socket | null;
  #gone: boolean;
  #finish: ((taken: boolean) => void) | undefined;
  readonly #onClose = (): void => {
    this.#gone = true;
    this.#finish?.(false);
  };

  constructor(res: ServerResponse) {
    this.#res = res;
    this.#socket = socketOf(res.req);
    this.#gone = this.#socket?.destroyed ?? true;
    // Pipelined requests each listen on the one socket; node's warning at eleven listeners is not for them.
    this.#socket?.setMaxListeners(0);
    this.#socket?.once('close', this.#onClose);
  }

  /** True when the system has taken all of it, false when the client has left. */
  write(slice: Slice, last: boolean): Promise<boolean> {
    if (this.#gone) {
      slice.release();
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      this.#finish = (taken) => {
        this.#finish = undefined;
        slice.release();
        resolve(taken);
      };
      // After an error the socket closes: that, not the error, says that its memory is free.
      const taken = (error?: Error | null): void => {
        if (error === undefined || error === null) this.#finish?.(true);
      };
      this.#res.write(slice.bytes, taken);
      if (last) this.#res.end();
    });
  }

  done(): void {
    this.#socket?.off('close', this.#onClose);
  }
}
