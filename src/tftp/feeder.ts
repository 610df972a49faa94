import type { BlockRing } from './blocks.ts';
import { toNetascii } from './netascii.ts';
import type { TftpBytes, TftpFile } from './source.ts';

/** One read: 44 blocks of 1468 bytes. Two of them are kept for each transfer. */
const CHUNK = 64 * 1024;

/** How many blocks to keep ready: two reads and a window, or the whole of a small file. */
export function ringCapacity(size: number, blksize: number, windowsize: number): number {
  const streaming = Math.ceil((2 * CHUNK) / blksize) + windowsize + 1;
  return Math.min(streaming, Math.floor(size / blksize) + 1);
}

interface FeederEvents {
  loaded(): void;
  /** `short`: the file ended before its size. Otherwise what the source threw. */
  failed(cause: 'short' | { readonly thrown: unknown }): void;
}

/** Keeps a ring filled from a file, one read at a time and ahead of what is sent. */
export class Feeder {
  readonly #content: TftpFile | TftpBytes;
  readonly #ring: BlockRing;
  readonly #netascii: boolean;
  readonly #events: FeederEvents;
  readonly #size: number;
  #offset = 0;
  #reading = false;
  #closed = false;

  constructor(content: TftpFile | TftpBytes, ring: BlockRing, netascii: boolean, events: FeederEvents) {
    this.#content = content;
    this.#ring = ring;
    this.#netascii = netascii;
    this.#events = events;
    this.#size = content.kind === 'file' ? content.size : content.bytes.length;
  }

  /** Reads on if there is room for a whole chunk, or for all that is left. */
  fill(): void {
    while (!this.#reading && !this.#closed && this.#ring.last === undefined && this.#ring.room > 0) {
      const left = this.#size - this.#offset;
      if (left === 0) {
        this.#ring.finish();
        this.#events.loaded();
        return;
      }
      // A byte of text becomes two at worst.
      const room = this.#netascii ? this.#ring.room >>> 1 : this.#ring.room;
      const want = Math.min(left, this.#netascii ? CHUNK / 2 : CHUNK);
      if (room < want) return;
      if (this.#content.kind === 'file') {
        this.#read(this.#content, want);
        return;
      }
      this.#put(this.#content.bytes.subarray(this.#offset, this.#offset + want));
    }
  }

  /** Lets the file go; a read under way ends first. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#reading) this.#release();
  }

  #read(file: TftpFile, length: number): void {
    this.#reading = true;
    file
      .read(this.#offset, length)
      .then((bytes) => {
        this.#reading = false;
        if (this.#closed) {
          this.#release();
        } else if (bytes.length === 0 || bytes.length > length) {
          this.#events.failed('short');
        } else {
          this.#put(bytes);
          this.fill();
        }
      })
      // Also what went wrong with the bytes: without a listener it would end the process.
      .catch((thrown: unknown) => {
        this.#reading = false;
        if (this.#closed) this.#release();
        else this.#events.failed({ thrown });
      });
  }

  #put(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#ring.write(this.#netascii ? toNetascii(raw) : raw);
    if (this.#offset < this.#size || this.#ring.room === 0) this.#events.loaded();
  }

  #release(): void {
    if (this.#content.kind !== 'file') return;
    this.#content.close().catch(() => {
      // The transfer is over: a file that cannot be closed is the source's affair.
    });
  }
}
