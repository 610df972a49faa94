import type { ServerResponse } from 'node:http';
import { Failure } from '../../model/failure.ts';
import type { Access } from '../auth/operator-auth.ts';
import type { AdminOperations } from '../service/service.ts';

type Word = Parameters<Parameters<AdminOperations['onChange']>[0]>[0];

interface Stream {
  readonly res: ServerResponse;
  readonly access: Pick<Access, 'alive'>;
  /** Said when the reader has caught up: one word once, however often it came. */
  readonly pending: Set<Word>;
}

export interface EventStreamOptions {
  readonly onChange: AdminOperations['onChange'];
  readonly maxStreams?: number;
  /** Milliseconds between signs of life: less than the timeout of this server and of most proxies. */
  readonly beat?: number;
}

/**
 * The open event streams. Nothing runs while there is none. A stream ends with its session, with the server, and when its
 * reader leaves; a slow reader gets each word once when it has caught up, so nothing piles up.
 */
export class EventStreams {
  readonly #options: Required<EventStreamOptions>;
  readonly #streams = new Set<Stream>();
  #closed = false;
  #quiet: (() => void) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = { maxStreams: 64, beat: 15_000, ...options };
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Answers with a stream. Throws `unavailable` when there are too many, or when the server ends. */
  open(res: ServerResponse, access: Pick<Access, 'alive'>): void {
    if (this.#closed || this.#streams.size >= this.#options.maxStreams) {
      throw new Failure('unavailable', this.#closed ? 'the server is stopping' : 'too many streams are open', {
        remedy: 'close some of the dashboard pages, or ask again later',
      });
    }
    // The client left while the request was read or this room was loaded: its `close` has been, and none will come.
    if (res.destroyed) return;
    const stream: Stream = { res, access, pending: new Set() };
    // X-Accel-Buffering: nginx would keep the events to itself until a buffer is full.
    res.writeHead(200, ['Content-Type', 'text/event-stream; charset=utf-8', 'X-Accel-Buffering', 'no']);
    res.write('retry: 3000\n: hello\n\n');
    this.#streams.add(stream);
    this.#quiet ??= this.#listen();
    res.on('drain', () => {
      this.#flush(stream);
    });
    res.once('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#stopListening();
    });
  }

  /** Ends all streams and opens no more. */
  close(): void {
    this.#closed = true;
    for (const { res } of this.#streams) res.end();
  }

  #listen(): () => void {
    const end = this.#options.onChange((word) => {
      for (const stream of this.#streams) {
        stream.pending.add(word);
        this.#flush(stream);
      }
    });
    const timer = setInterval(() => {
      for (const stream of this.#streams) if (this.#mayWrite(stream)) stream.res.write(': still here\n\n');
    }, this.#options.beat);
    return () => {
      clearInterval(timer);
      end();
    };
  }

  #stopListening(): void {
    this.#quiet?.();
    this.#quiet = undefined;
  }

  #flush(stream: Stream): void {
    for (const word of stream.pending) {
      if (!this.#mayWrite(stream)) return;
      stream.pending.delete(word);
      // Browsers drop an event without data (HTML, 9.2.6).
      stream.res.write(`event: ${word}\ndata: {}\n\n`);
    }
  }

  #mayWrite({ res, access }: Stream): boolean {
    if (!access.alive() && !res.writableEnded) res.end();
    return !res.writableEnded && !res.writableNeedDrain;
  }
}
