import { OPCODE } from './packet.ts';
import type { TftpFile } from './source.ts';

/** One read: 44 blocks of 1468 bytes. Two of them are kept for each transfer. */
const CHUNK = 64 * 1024;

/**
 * How many blocks to keep ready: two reads and a window, or the whole of a small file. Whole windows, so that none of
 * them is in two pieces at the end of the ring unless a block was lost.
 */
export function ringCapacity(size: number, blksize: number, windowsize: number): number {
  const streaming = Math.ceil((2 * CHUNK) / blksize) + windowsize + 1;
  return Math.min(Math.ceil(streaming / windowsize) * windowsize, Math.floor(size / blksize) + 1);
}

interface FeederEvents {
  loaded(): void;
  /** `short`: the file ended before its size. Otherwise what the source threw. */
  failed(cause: 'short' | { readonly thrown: unknown }): void;
}

/** Keeps a ring filled from a file, one read at a time and ahead of what is sent. */
export class Feeder {
  readonly #file: TftpFile;
  readonly #ring: BlockRing;
  readonly #netascii: boolean;
  readonly #events: FeederEvents;
  #offset = 0;
  #reading = false;
  #closed = false;

  constructor(file: TftpFile, ring: BlockRing, netascii: boolean, events: FeederEvents) {
    this.#file = file;
    this.#ring = ring;
    this.#netascii = netascii;
    this.#events = events;
  }

  /** Reads on if there is room for a whole chunk, or for all that is left. */
  fill(): void {
    while (!this.#reading && !this.#closed && this.#ring.last === undefined && this.#ring.room > 0) {
      const left = this.#file.size - this.#offset;
      if (left === 0) {
        this.#ring.finish();
        this.#events.loaded();
        return;
      }
      // A byte of text becomes two at worst.
      const room = this.#netascii ? this.#ring.room >>> 1 : this.#ring.room;
      const want = Math.min(left, this.#netascii ? CHUNK / 2 : CHUNK);
      if (room < want) return;
      const bytes = this.#read(want);
      if (bytes instanceof Promise) {
        this.#await(bytes, want);
        return;
      }
      if (bytes === undefined || !this.#put(bytes, want)) return;
    }
  }

  /** Lets the file go; a read under way ends first. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#reading) this.#release();
  }

  /** Undefined where it threw, which is told. */
  #read(want: number): Promise<Uint8Array> | Uint8Array | undefined {
    try {
      return this.#file.read(this.#offset, want);
    } catch (thrown) {
      this.#events.failed({ thrown });
      return undefined;
    }
  }

  #await(read: Promise<Uint8Array>, length: number): void {
    this.#reading = true;
    read
      .then((bytes) => {
        this.#reading = false;
        if (this.#closed) {
          this.#release();
          return;
        }
        if (this.#put(bytes, length)) this.fill();
      })
      // Also what went wrong with the bytes: without a listener it would end the process.
      .catch((thrown: unknown) => {
        this.#reading = false;
        if (this.#closed) this.#release();
        else this.#events.failed({ thrown });
      });
  }

  #put(bytes: Uint8Array, asked: number): boolean {
    if (bytes.length === 0 || bytes.length > asked) {
      this.#events.failed('short');
      return false;
    }
    this.#offset += bytes.length;
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#ring.write(this.#netascii ? toNetascii(raw) : raw);
    if (this.#offset < this.#file.size || this.#ring.room === 0) this.#events.loaded();
    return true;
  }

  #release(): void {
    this.#file.close().catch(() => {
      // The transfer is over: a file that cannot be closed is the source's affair.
    });
  }
}

/**
 * A ring of DATA packets made ready for sending, so that sending and sending again is one look-up and no copy. Bytes go
 * in as a stream; blocks come out by their absolute number (1 is the first; the wire shows it modulo 65536).
 */
export class BlockRing {
  readonly #blksize: number;
  readonly #memory: Buffer;
  readonly #slots: readonly Buffer[];
  /** Bytes in the block after `#ready`, which is not full yet. */
  #partial = 0;
  #ready = 0;
  #released = 0;
  #last: number | undefined;
  #lastPacket: Buffer | undefined;

  /** `capacity` in blocks: at least the window. Memory is capacity * (blksize + 4). */
  constructor(blksize: number, capacity: number) {
    this.#blksize = blksize;
    const stride = blksize + 4;
    this.#memory = Buffer.allocUnsafeSlow(stride * capacity);
    this.#slots = Array.from({ length: capacity }, (_, i) => this.#memory.subarray(i * stride, (i + 1) * stride));
  }

  /** The highest block that can be sent. */
  get ready(): number {
    return this.#ready;
  }

  /** The number of the last block, once it is known. */
  get last(): number | undefined {
    return this.#last;
  }

  /** How many bytes fit now. */
  get room(): number {
    return (this.#slots.length - (this.#ready - this.#released)) * this.#blksize - this.#partial;
  }

  /** Appends bytes; at most `room` of them. */
  write(bytes: Buffer): void {
    if (bytes.length > this.room) throw new RangeError('more bytes than the ring has room for');
    let from = 0;
    while (from < bytes.length) {
      const slot = this.#slot(this.#ready + 1);
      const take = Math.min(this.#blksize - this.#partial, bytes.length - from);
      bytes.copy(slot, 4 + this.#partial, from, from + take);
      from += take;
      this.#partial += take;
      if (this.#partial === this.#blksize) this.#close(slot);
    }
  }

  /** The stream is over: the block that ends the transfer is short, and empty if everything else filled its block. */
  finish(): void {
    const slot = this.#slot(this.#ready + 1);
    const size = this.#partial;
    this.#close(slot);
    this.#last = this.#ready;
    this.#lastPacket = slot.subarray(0, 4 + size);
  }

  /** Every block up to this one was acknowledged: its place may be used again. */
  release(block: number): void {
    this.#released = block;
  }

  /**
   * The packets of blocks that are ready and not yet released, one behind the other: `count` of them, or fewer at the end
   * of the ring. Each is `blksize` + 4 bytes, the last of the file may be shorter.
   */
  packets(first: number, count: number): Buffer {
    const start = this.#place(first);
    const taken = Math.min(count, this.#slots.length - start);
    const last = this.#packet(first + taken - 1);
    if (taken === 1) return last;
    const stride = this.#blksize + 4;
    return this.#memory.subarray(start * stride, (start + taken - 1) * stride + last.length);
  }

  #packet(block: number): Buffer {
    return block === this.#last && this.#lastPacket !== undefined ? this.#lastPacket : this.#slot(block);
  }

  #slot(block: number): Buffer {
    const slot = this.#slots[this.#place(block)];
    if (slot === undefined) throw new RangeError('a ring needs at least one slot');
    return slot;
  }

  /** The first block, 1, lies at the start. */
  #place(block: number): number {
    return (block - 1) % this.#slots.length;
  }

  #close(slot: Buffer): void {
    this.#ready += 1;
    this.#partial = 0;
    slot.writeUInt16BE(OPCODE.data, 0);
    slot.writeUInt16BE(this.#ready & 0xffff, 2);
  }
}

const LF = 0x0a;
const CR = 0x0d;

/** RFC 764 as RFC 1350 uses it: a line end is CR LF, a lone CR is CR NUL. Every byte stands for itself: no state. */
export function toNetascii(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length * 2);
  let at = 0;
  for (const byte of bytes) {
    if (byte === LF) {
      out[at] = CR;
      out[at + 1] = LF;
      at += 2;
    } else if (byte === CR) {
      out[at] = CR;
      out[at + 1] = 0;
      at += 2;
    } else {
      out[at] = byte;
      at += 1;
    }
  }
  return out.subarray(0, at);
}
