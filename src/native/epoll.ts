import { getSystemErrorName } from 'node:util';
import { EAGAIN, EINTR, type Libc } from './libc.ts';

// <sys/epoll.h>
export const READABLE = 0x001;
export const WRITABLE = 0x004;
/** Always told: an error is waiting, the other side has gone. */
export const BROKEN = 0x008 | 0x010;
/** Told once, when it becomes so: until then a call would have failed with EAGAIN. */
export const EDGE = 0x80000000;
/** Told once, and then not before it is asked for again by `change`. */
export const ONCE = 0x40000000;
const [ADD, REMOVE, CHANGE] = [1, 2, 3];
const CLOSE_ON_EXEC = 0o2000000;
const NONBLOCK = 0o4000;

/** The kernel packs its structure on x64 alone. */
const [EVENT_BYTES, DATA_AT] = process.arch === 'x64' ? [12, 4] : [16, 8];
const MOST_EVENTS = 64;
const WAKE = 0xffffffff;

/** What happened at a descriptor: the number under which it was added, and what it is ready for. */
export type OnReady = (id: number, events: number) => void;

/**
 * epoll(7) for a thread that does nothing else: `wait` holds the thread until a descriptor is ready, the time is over, or
 * another thread wrote to `wakeFd`.
 */
export class Epoll {
  /** An eventfd(2): `wake` of any thread ends the wait of this one. */
  readonly wakeFd: number;
  readonly #ownsWakeFd: boolean;
  readonly fd: number;
  readonly #libc: Libc;
  readonly #ownsFd: boolean;
  readonly #event = Buffer.alloc(EVENT_BYTES);
  readonly #events = Buffer.alloc(EVENT_BYTES * MOST_EVENTS);
  readonly #count = Buffer.alloc(8);

  /**
   * `wakeFd`: of a thread that keeps it open for longer than this one lives, so that it can never wake another one. `fd`:
   * the same of that thread's Epoll, for which this one waits.
   */
  constructor(libc: Libc, wakeFd?: number, fd?: number) {
    this.#libc = libc;
    this.#ownsFd = fd === undefined;
    this.fd = fd ?? checked(libc, 'epoll_create1', libc.epoll_create1(CLOSE_ON_EXEC));
    this.#ownsWakeFd = wakeFd === undefined;
    this.wakeFd = wakeFd ?? openWakeFd(libc);
    if (this.#ownsFd) this.add(this.wakeFd, READABLE, WAKE);
  }

  /** `id` is below 2 ** 32 - 1. */
  add(fd: number, events: number, id: number): void {
    this.#control('epoll_ctl', ADD, fd, events, id);
  }

  change(fd: number, events: number, id: number): void {
    this.#control('epoll_ctl', CHANGE, fd, events, id);
  }

  /** Before it is closed: a descriptor that has a duplicate stays in the set. */
  remove(fd: number): void {
    this.#libc.epoll_ctl(this.fd, REMOVE, fd, this.#event);
  }

  /** True when it was woken. `timeoutMs` -1: however long it takes. */
  wait(timeoutMs: number, onReady: OnReady): boolean {
    const count = this.#libc.epoll_wait(this.fd, this.#events, MOST_EVENTS, timeoutMs);
    if (count < 0 && this.#libc.errno() !== EINTR) throw systemError(this.#libc, 'epoll_wait');
    let woken = false;
    for (let at = 0; at < count * EVENT_BYTES; at += EVENT_BYTES) {
      const id = this.#events.readUInt32LE(at + DATA_AT);
      if (id !== WAKE) {
        onReady(id, this.#events.readUInt32LE(at));
        continue;
      }
      woken = true;
      this.#libc.read(this.wakeFd, this.#count, 8);
    }
    return woken;
  }

  close(): void {
    if (this.#ownsFd) this.#libc.close(this.fd);
    if (this.#ownsWakeFd) this.#libc.close(this.wakeFd);
  }

  #control(what: string, operation: number, fd: number, events: number, id: number): void {
    // EDGE is the sign of a number of 32 bits.
    this.#event.writeUInt32LE(events >>> 0, 0);
    this.#event.writeUInt32LE(id, DATA_AT);
    checked(this.#libc, what, this.#libc.epoll_ctl(this.fd, operation, fd, this.#event));
  }
}

const ONE = Buffer.alloc(8);
ONE.writeBigUInt64LE(1n);

/** An eventfd(2) for `Epoll`. */
export function openWakeFd(libc: Libc): number {
  return checked(libc, 'eventfd', libc.eventfd(0, CLOSE_ON_EXEC | NONBLOCK));
}

/** Ends the wait of the thread whose `wakeFd` this is; also one that begins later. */
export function wake(libc: Libc, wakeFd: number): void {
  const written = libc.write(wakeFd, ONE, 8);
  // EAGAIN: it was woken so often already.
  if (written < 0 && libc.errno() !== EAGAIN) throw systemError(libc, 'write');
}

/** What a call gave; throws where it failed. */
export function checked(libc: Libc, call: string, result: number): number {
  if (result < 0) throw systemError(libc, call);
  return result;
}

function systemError(libc: Libc, call: string): Error {
  const errno = libc.errno();
  return Object.assign(new Error(`${call} failed: errno ${errno}`), { code: getSystemErrorName(-errno) });
}
