import { BufferPool, capacityFor, SMALLEST } from './buffer-pool.ts';

/** One version of one file. */
export interface ChunkSource {
  /** Different for everything that may have different bytes. */
  readonly id: string;
  readonly size: number;
  /** Fills `target` from `position` on; rejects when the file is no longer the version that `id` names. */
  readInto(target: Buffer, position: number): Promise<void>;
}

/** Bytes of a file, lent. They stay as they are until `release`, which is to be called once, and may be called twice. */
export interface Slice {
  readonly bytes: Buffer;
  release(): void;
}

export interface CacheCounters {
  /** Slices that came from a chunk that was there or on its way. */
  readonly hits: number;
  /** Slices for which the disk was read. */
  readonly misses: number;
  /** Reads of the disk, read-ahead included. */
  readonly reads: number;
  /** Memory in use, idle buffers included. At most `limit`, but for 64 KiB a reader when every chunk is in use. */
  readonly bytes: number;
  readonly limit: number;
}

// Larger chunks are slower, not faster: a chunk that eight sockets are filled from, one after the other, stays in the
// processor's cache up to about this size (measured with eight and 32 readers: a third more than with 4 MiB). And a
// machine that has stalled holds less.
const LARGEST_CHUNK = 1024 * 1024;
// How many chunks are read ahead of a reader, and by all readers together at one time: more than libuv's four threads
// can do only delays what a reader waits for.
const AHEAD = 3;
const AHEAD_AT_ONCE = 4;

/**
 * Chunks of files in a bounded memory, shared by all readers: however many want a chunk, the disk is read once for it.
 * The next chunks are read ahead.
 *
 * A reader whose machine has stalled holds the chunk that its socket still sends from. 500 of them at 500 places would
 * hold 500 MB, so held chunks have a budget (three quarters of the limit). Beyond it a reader gets a copy of 64 KiB, read
 * from the chunk if it is there and from the file if not: slower, but bounded, and readers that share a chunk are not affected.
 */
export class ChunkCache {
  readonly #limit: number;
  readonly #chunkSize: number;
  readonly #heldBudget: number;
  readonly #pool = new BufferPool();
  readonly #chunks: ChunkTable;
  #held = 0;
  #ahead = 0;
  #hits = 0;
  #misses = 0;
  #reads = 0;

  /** `limit` in bytes. Chunks are 1 MiB, smaller where less than sixteen would fit. */
  constructor(limit: number, largestChunk = LARGEST_CHUNK, random: () => number = Math.random) {
    this.#limit = limit;
    this.#chunks = new ChunkTable(random);
    this.#chunkSize = Math.max(SMALLEST, Math.min(largestChunk, capacityFor(limit / 16 + 1) / 2));
    this.#heldBudget = (limit / 4) * 3;
  }

  get counters(): CacheCounters {
    const { allocated: bytes } = this.#pool;
    return { hits: this.#hits, misses: this.#misses, reads: this.#reads, bytes, limit: this.#limit };
  }

  /**
   * At least one byte from `start` on, never beyond `end`; as much as one chunk holds. At once when it is there, else
   * a promise. `end` also says how far the reader will go: nothing beyond it is read ahead.
   */
  slice(source: ChunkSource, start: number, end: number): Slice | Promise<Slice> {
    const index = Math.floor(start / this.#chunkSize);
    const known = this.#chunks.get(keyOf(source, index));
    const chunk = known ?? this.#load(source, index);
    if (known === undefined) this.#misses += 1;
    else this.#hits += 1;
    if (chunk === undefined) return this.#readPrivately(source, start, end);
    const from = start - index * this.#chunkSize;
    const to = Math.min(end - index * this.#chunkSize, chunk.length);
    if (!this.#mayHold(chunk)) {
      return chunk.loading === undefined ? this.#copy(chunk, from, to) : this.#readPrivately(source, start, end);
    }
    this.#hold(chunk);
    this.#readAhead(source, index + 1, end);
    if (chunk.loading === undefined) return this.#lend(chunk, from, to);
    return chunk.loading.then(
      () => this.#lend(chunk, from, to),
      (error: unknown) => {
        this.#unhold(chunk);
        throw error;
      },
    );
  }

  /** Undefined when there is no room: everything is held or being loaded. */
  #load(source: ChunkSource, index: number): Chunk | undefined {
    const position = index * this.#chunkSize;
    const length = Math.min(this.#chunkSize, source.size - position);
    const capacity = capacityFor(length);
    if (this.#held + capacity > this.#heldBudget) return undefined;
    const buffer = this.#take(capacity);
    if (buffer === undefined) return undefined;
    const chunk: Chunk = { key: keyOf(source, index), buffer, length, users: 0, loading: undefined };
    this.#reads += 1;
    this.#chunks.add(chunk);
    chunk.loading = source.readInto(buffer.subarray(0, length), position).then(
      () => {
        chunk.loading = undefined;
      },
      (error: unknown) => {
        this.#chunks.remove(chunk);
        this.#pool.give(buffer);
        throw error;
      },
    );
    return chunk;
  }

  #readAhead(source: ChunkSource, index: number, end: number): void {
    for (let next = index; next < index + AHEAD && next * this.#chunkSize < end; next += 1) {
      if (this.#ahead >= AHEAD_AT_ONCE) return;
      if (this.#chunks.get(keyOf(source, next)) !== undefined) continue;
      const loading = this.#load(source, next)?.loading;
      if (loading === undefined) return;
      this.#ahead += 1;
      const done = (): void => {
        this.#ahead -= 1;
      };
      // A failure is for the reader who gets there: it will try again and get it.
      loading.then(done, done);
    }
  }

  #mayHold(chunk: Chunk): boolean {
    return chunk.users > 0 || this.#held + chunk.buffer.length <= this.#heldBudget;
  }

  #hold(chunk: Chunk): void {
    if (chunk.users === 0) this.#held += chunk.buffer.length;
    chunk.users += 1;
  }

  #unhold(chunk: Chunk): void {
    chunk.users -= 1;
    if (chunk.users === 0) this.#held -= chunk.buffer.length;
  }

  #lend(chunk: Chunk, from: number, to: number): Slice {
    return lent(chunk.buffer.subarray(from, to), () => {
      this.#unhold(chunk);
    });
  }

  #copy(chunk: Chunk, from: number, to: number): Slice {
    const small = this.#takeSmall();
    const length = chunk.buffer.copy(small, 0, from, Math.min(to, from + SMALLEST));
    return this.#lendSmall(small, length);
  }

  async #readPrivately(source: ChunkSource, start: number, end: number): Promise<Slice> {
    const small = this.#takeSmall();
    const length = Math.min(SMALLEST, end - start);
    this.#reads += 1;
    try {
      await source.readInto(small.subarray(0, length), start);
    } catch (error) {
      this.#pool.give(small);
      throw error;
    }
    return this.#lendSmall(small, length);
  }

  #lendSmall(small: Buffer, length: number): Slice {
    return lent(small.subarray(0, length), () => {
      this.#pool.give(small);
      this.#pool.shrink(this.#limit);
    });
  }

  #takeSmall(): Buffer {
    return this.#take(SMALLEST) ?? this.#pool.allocate(SMALLEST);
  }

  /** A buffer of that capacity within the limit, at the cost of chunks that no reader holds. */
  #take(capacity: number): Buffer | undefined {
    const idle = this.#pool.reuse(capacity);
    if (idle !== undefined) return idle;
    this.#pool.shrink(this.#limit - capacity);
    while (this.#pool.allocated + capacity > this.#limit) {
      const victim = this.#chunks.victim();
      if (victim === undefined) return undefined;
      this.#chunks.remove(victim);
      this.#pool.give(victim.buffer);
      const freed = this.#pool.reuse(capacity);
      if (freed !== undefined) return freed;
      this.#pool.shrink(this.#limit - capacity);
    }
    return this.#pool.allocate(capacity);
  }
}

function keyOf(source: ChunkSource, index: number): string {
  return `${source.id}#${index}`;
}

function lent(bytes: Buffer, giveBack: () => void): Slice {
  let out = true;
  return {
    bytes,
    release() {
      if (!out) return;
      out = false;
      giveBack();
    },
  };
}

/** Bytes of a file in memory. */
export interface Chunk {
  readonly key: string;
  readonly buffer: Buffer;
  /** How much of the buffer is the file's. */
  readonly length: number;
  /** Readers that hold it or wait for it. */
  users: number;
  /** Undefined when the bytes are there. */
  loading: Promise<void> | undefined;
}

/**
 * The chunks that are in memory. Which one makes room is drawn by lot among those without a user. Least recently used
 * would be the worst choice for what is done here: an image somewhat larger than the memory, read from start to end
 * again and again, always loses the chunk that is wanted next, so not one is found. By lot, 80 % of the chunks of a
 * 300 MB image are found in 256 MiB (measured), and what all readers of one boot want is in use anyway.
 */
export class ChunkTable {
  readonly #chunks: Chunk[] = [];
  readonly #places = new Map<string, number>();
  readonly #random: () => number;

  /** `random` gives numbers from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get(key: string): Chunk | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#chunks[place];
  }

  add(chunk: Chunk): void {
    this.#places.set(chunk.key, this.#chunks.push(chunk) - 1);
  }

  remove(chunk: Chunk): void {
    const place = this.#places.get(chunk.key);
    const last = this.#chunks.pop();
    if (place === undefined || last === undefined) return;
    this.#places.delete(chunk.key);
    if (last === chunk) return;
    this.#chunks[place] = last;
    this.#places.set(last.key, place);
  }

  /** One without a user that is not being loaded, if there is any. */
  victim(): Chunk | undefined {
    const start = Math.floor(this.#random() * this.#chunks.length);
    for (const step of this.#chunks.keys()) {
      const chunk = this.#chunks[(start + step) % this.#chunks.length];
      if (chunk?.users === 0 && chunk.loading === undefined) return chunk;
    }
    return undefined;
  }
}
