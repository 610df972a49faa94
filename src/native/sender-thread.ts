import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { BROKEN, checked, EDGE, Epoll, WRITABLE } from './epoll.ts';
import type { HowSent, SenderAnswer, SenderData, SenderMessage } from './image-sender.ts';
import { EAGAIN, EINTR, type Libc, loadLibc } from './libc.ts';

// The thread of createImageSender: moves bytes from files into sockets. It is never in JavaScript's event loop, so messages
// are fetched when it is woken.

/** What one reader gets before the next one's turn. 256 KiB is clearly slower (measured). */
const TURN = 2 * 2 ** 20;
/** What a socket may hold that its client has not taken: the kernel's pages of the file, no memory of ours. */
const SEND_BUFFER = 4 * 2 ** 20;
/** Asked of the disk this far ahead of a reader, since a read that waits keeps all of them waiting; in steps that the kernel takes whole. */
const AHEAD = 4 * 2 ** 20;
const AHEAD_STEP = 512 * 1024;
const WILL_NEED = 3;
const [SOL_SOCKET, SO_SNDBUF, SO_SNDBUFFORCE] = [1, 7, 32];
const [AF_INET, SOCK_STREAM] = [2, 1];
const SIOCOUTQ = 0x5411;
const IDLE_MS = 1000;
const MOST_DRAIN_MS = 50;

interface Job {
  readonly id: number;
  readonly socket: number;
  readonly file: number;
  readonly end: number;
  /** 0: it may take as long as it will. */
  readonly stallMs: number;
  position: number;
  advised: number;
  /** How far the client was when it was looked at last, and since when it is there. */
  acknowledged: number;
  stillSince: number;
  growAt: number;
  /** All is in the socket: how long to wait until it is asked again whether the client has it. */
  drainMs: number;
  drainAt: number;
}

class Sender {
  readonly #libc: Libc;
  readonly #epoll: Epoll;
  readonly #port: MessagePort;
  readonly #places: Float64Array;
  readonly #jobs = new Map<number, Job>();
  /** Those whose sockets take more. */
  readonly #ready = new Set<Job>();
  readonly #draining = new Set<Job>();
  readonly #offset = new BigInt64Array(1);
  readonly #word = Buffer.alloc(4);
  readonly #option: number | undefined;
  #running = true;
  #looked = 0;

  constructor(libc: Libc, port: MessagePort, { places, wakeFd }: SenderData) {
    this.#libc = libc;
    this.#port = port;
    this.#places = new Float64Array(places);
    this.#epoll = new Epoll(libc, wakeFd);
    this.#option = this.#bufferOption();
  }

  run(): void {
    this.#answer('ready');
    while (this.#running) {
      const woken = this.#epoll.wait(this.#timeout(), (id, events) => {
        this.#onReady(id, events);
      });
      const now = performance.now();
      if (woken) this.#takeMessages();
      for (const job of this.#ready) this.#sendTurn(job);
      for (const job of this.#draining) if (job.drainAt <= now) this.#drain(job, now);
      if (now - this.#looked >= IDLE_MS) this.#lookForStalled(now);
    }
    for (const job of [...this.#jobs.values()]) this.#finish(job, 'left');
    this.#epoll.close();
  }

  #timeout(): number {
    if (this.#ready.size > 0) return 0;
    let next = IDLE_MS;
    if (this.#draining.size > 0) {
      const now = performance.now();
      for (const { drainAt } of this.#draining) next = Math.min(next, Math.max(1, Math.ceil(drainAt - now)));
    }
    return next;
  }

  #takeMessages(): void {
    for (;;) {
      const message = receiveMessageOnPort(this.#port)?.message as SenderMessage | undefined;
      if (message === undefined) return;
      if (message === 'stop') this.#running = false;
      else if ('cancel' in message) this.#cancel(message.cancel);
      else this.#begin(message);
    }
  }

  #begin({ id, socket, file, start, end, stallMs }: Extract<SenderMessage, { readonly id: number }>): void {
    const job: Job = {
      ...{ id, socket, file, end, stallMs, position: start, advised: start, acknowledged: start },
      ...{ stillSince: performance.now(), growAt: start + SEND_BUFFER, drainMs: 0, drainAt: 0 },
    };
    this.#jobs.set(id, job);
    // Told once: where the kernel is short of memory, a socket may be writable and take nothing.
    this.#epoll.add(socket, WRITABLE | EDGE, id);
  }

  #cancel(id: number): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) this.#finish(job, 'left');
  }

  #onReady(id: number, events: number): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    if ((events & BROKEN) !== 0) this.#finish(job, 'left');
    else if (!this.#draining.has(job)) this.#ready.add(job);
  }

  #sendTurn(job: Job): void {
    this.#readAhead(job);
    this.#offset[0] = BigInt(job.position);
    const sent = this.#libc.sendfile(job.socket, job.file, this.#offset, Math.min(TURN, job.end - job.position));
    if (sent > 0) {
      job.position += sent;
      this.#places[job.id] = job.position;
      if (job.position >= job.growAt) this.#grow(job);
      if (job.position >= job.end) this.#beginDrain(job);
      return;
    }
    const error = sent === 0 ? 0 : this.#libc.errno();
    if (error === EINTR) return;
    if (error === EAGAIN) this.#ready.delete(job);
    else this.#finish(job, LEFT.has(error) ? 'left' : 'failed');
  }

  /** A crowd of stalled clients must not hold that much of the kernel's memory: only one that reads gets it. */
  #grow(job: Job): void {
    job.growAt = Infinity;
    if (this.#option === undefined) return;
    this.#word.writeInt32LE(SEND_BUFFER);
    this.#libc.setsockopt(job.socket, SOL_SOCKET, this.#option, this.#word, 4);
  }

  #readAhead(job: Job): void {
    const until = Math.min(job.end, job.position + AHEAD);
    for (; job.advised < until; job.advised += AHEAD_STEP) {
      this.#libc.posix_fadvise(job.file, job.advised, AHEAD_STEP, WILL_NEED);
    }
  }

  /** From now on only a client that leaves is an event: that it has everything is to be asked for. */
  #beginDrain(job: Job): void {
    this.#epoll.change(job.socket, 0, job.id);
    this.#ready.delete(job);
    this.#draining.add(job);
  }

  #drain(job: Job, now: number): void {
    if (this.#unacknowledged(job) === 0) {
      this.#finish(job, 'sent');
      return;
    }
    job.drainMs = Math.min(MOST_DRAIN_MS, job.drainMs * 2 + 1);
    job.drainAt = now + job.drainMs;
  }

  #lookForStalled(now: number): void {
    this.#looked = now;
    for (const job of [...this.#jobs.values()]) {
      if (!this.#draining.has(job)) this.#ready.add(job);
      if (job.stallMs === 0) continue;
      const acknowledged = job.position - this.#unacknowledged(job);
      if (acknowledged !== job.acknowledged) {
        job.acknowledged = acknowledged;
        job.stillSince = now;
      } else if (now - job.stillSince >= job.stallMs) {
        this.#finish(job, 'stalled');
      }
    }
  }

  /** What the socket holds that the client has not acknowledged. */
  #unacknowledged(job: Job): number {
    return this.#libc.ioctl(job.socket, SIOCOUTQ, this.#word) < 0 ? 0 : this.#word.readInt32LE();
  }

  #finish(job: Job, how: HowSent): void {
    this.#epoll.remove(job.socket);
    this.#jobs.delete(job.id);
    this.#ready.delete(job);
    this.#draining.delete(job);
    this.#answer({ id: job.id, how, position: job.position });
  }

  /**
   * Which option makes a socket's buffer as large as that: beyond net.core.wmem_max it takes CAP_NET_ADMIN. Where neither
   * does, the kernel is left to make it larger by itself, which it does no more once it was told a size.
   */
  #bufferOption(): number | undefined {
    const probe = checked(this.#libc, 'socket', this.#libc.socket(AF_INET, SOCK_STREAM, 0));
    try {
      return [SO_SNDBUFFORCE, SO_SNDBUF].find((option) => {
        this.#word.writeInt32LE(SEND_BUFFER);
        if (this.#libc.setsockopt(probe, SOL_SOCKET, option, this.#word, 4) < 0) return false;
        const length = Buffer.from([4, 0, 0, 0]);
        this.#libc.getsockopt(probe, SOL_SOCKET, SO_SNDBUF, this.#word, length);
        return this.#word.readInt32LE() >= SEND_BUFFER;
      });
    } finally {
      this.#libc.close(probe);
    }
  }

  #answer(answer: SenderAnswer): void {
    this.#port.postMessage(answer);
  }
}

// EPIPE, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNABORTED, ENOTCONN
const LEFT: ReadonlySet<number> = new Set([32, 104, 110, 113, 101, 103, 107]);

async function main(): Promise<void> {
  const native = await loadLibc();
  if (parentPort === null || 'why' in native) return;
  new Sender(native.libc, parentPort, workerData as SenderData).run();
  // Its messages are out when the thread has ended.
  parentPort.close();
}

main().catch((error: unknown) => {
  // It becomes the thread's `error`.
  setImmediate(() => {
    throw error;
  });
});
