import { OPCODE } from './packet.ts';

/**
 * A ring of DATA packets made ready for sending, so that sending and sending again is one look-up and no copy. Bytes go
 * in as a stream; blocks come out by their absolute number (1 is the first; the wire shows it modulo 65536).
 */
export class BlockRing {
  readonly #blksize: number;
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
    const memory = Buffer.allocUnsafeSlow(stride * capacity);
    this.#slots = Array.from({ length: capacity }, (_, i) => memory.subarray(i * stride, (i + 1) * stride));
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

  /** The packet of a block that is ready and not yet released. */
  packet(block: number): Buffer {
    return block === this.#last && this.#lastPacket !== undefined ? this.#lastPacket : this.#slot(block);
  }

  #slot(block: number): Buffer {
    const slot = this.#slots[block % this.#slots.length];
    if (slot === undefined) throw new RangeError('a ring needs at least one slot');
    return slot;
  }

  #close(slot: Buffer): void {
    this.#ready += 1;
    this.#partial = 0;
    slot.writeUInt16BE(OPCODE.data, 0);
    slot.writeUInt16BE(this.#ready & 0xffff, 2);
  }
}
