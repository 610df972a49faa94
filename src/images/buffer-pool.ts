/** The smallest piece that the pool hands out, in bytes. */
export const SMALLEST = 64 * 1024;

/**
 * Buffers in sizes that are powers of two, used again and again. Left to the garbage collector, a stream of 2 GB/s
 * leaves hundreds of megabytes of dead buffers behind, and every new one costs a page fault for each 4 KiB.
 * A buffer that was taken is given back once, and only when no socket and no pending read can still touch it.
 */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();
  #allocated = 0;
  #idle = 0;

  /** Bytes of all buffers that exist: lent out and idle. */
  get allocated(): number {
    return this.#allocated;
  }

  /** Bytes of the buffers that wait for their next use. */
  get idle(): number {
    return this.#idle;
  }

  /** An idle buffer of this capacity, if there is one. */
  reuse(capacity: number): Buffer | undefined {
    const buffer = this.#free.get(capacity)?.pop();
    if (buffer !== undefined) this.#idle -= capacity;
    return buffer;
  }

  allocate(capacity: number): Buffer {
    this.#allocated += capacity;
    return Buffer.allocUnsafeSlow(capacity);
  }

  give(buffer: Buffer): void {
    const idle = this.#free.get(buffer.length);
    if (idle === undefined) this.#free.set(buffer.length, [buffer]);
    else idle.push(buffer);
    this.#idle += buffer.length;
  }

  /** Lets idle buffers go until at most `bytes` exist, or none is idle. */
  shrink(bytes: number): void {
    for (const [capacity, idle] of this.#free) {
      while (this.#allocated > bytes && idle.pop() !== undefined) {
        this.#allocated -= capacity;
        this.#idle -= capacity;
      }
    }
  }
}

/** The pool's capacity for so many bytes. */
export function capacityFor(bytes: number): number {
  let capacity = SMALLEST;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}
