import { OPCODE } from './packet.ts';

/** A second, as most servers have it, costs iPXE 10-16 s per MiB where one packet in a hundred is lost. */
const FIRST_MS = 250;
const MIN_MS = 100;
const MAX_MS = 4_000;
const MIN_SOON_MS = 20;

/**
 * When to send again: RFC 6298's estimate of the round trip between 100 ms and 4 s (250 ms until something is known),
 * doubled with every try; a sample is taken only where nothing was sent twice (Karn).
 */
export class RetransmissionClock {
  /** Milliseconds of the caller's clock. */
  wakeAt: number;
  /** Repetitions since the last progress. */
  tries = 0;
  readonly #cap: number;
  #patience: number;
  #wait: number;
  #srtt: number | undefined;
  #variation = 0;
  #sentAt: number;
  #progressAt: number;
  /** The wait that runs says nothing about the round trip. */
  #hurried = false;

  /** `timeout`: seconds between tries at most; `patience`: milliseconds without progress until it is over. */
  constructor(timeout: number | undefined, patience: number, now: number) {
    this.#cap = timeout === undefined ? MAX_MS : Math.min(MAX_MS, timeout * 1000);
    this.#patience = patience;
    this.#wait = FIRST_MS;
    this.#sentAt = now;
    this.#progressAt = now;
    this.wakeAt = now + patience;
  }

  /** From now on it is over only after so many milliseconds without progress. */
  wait(patience: number): void {
    this.#patience = patience;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#hurried = false;
    this.#arm(now);
  }

  /** What is in flight may have been lost: no longer than two round trips, but never less than the door's tick. */
  soon(now: number): void {
    this.#hurried = true;
    this.#arm(now, Math.min(this.#wait, Math.max(MIN_SOON_MS, 2 * (this.#srtt ?? this.#wait))));
  }

  repeated(now: number): void {
    this.tries += 1;
    if (!this.#hurried) this.#wait = Math.min(this.#wait * 2, this.#cap);
    this.#hurried = false;
    this.#arm(now);
  }

  /** Something new was acknowledged. */
  progress(now: number): void {
    this.#progressAt = now;
    if (this.tries === 0) this.#sample(now - this.#sentAt);
    this.tries = 0;
  }

  /** Nothing is in flight: the file is being read. Only patience counts. */
  idle(): void {
    this.wakeAt = this.#progressAt + this.#patience;
  }

  exhausted(now: number): boolean {
    return now >= this.#progressAt + this.#patience;
  }

  #arm(now: number, wait = this.#wait): void {
    this.wakeAt = Math.min(now + wait, this.#progressAt + this.#patience);
  }

  #sample(rtt: number): void {
    if (this.#srtt === undefined) {
      this.#srtt = rtt;
      this.#variation = rtt / 2;
    } else {
      this.#variation += (Math.abs(this.#srtt - rtt) - this.#variation) / 4;
      this.#srtt += (rtt - this.#srtt) / 8;
    }
    this.#wait = Math.max(MIN_MS, Math.min(this.#srtt + 4 * this.#variation, this.#cap));
  }
}

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
