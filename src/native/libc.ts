import { endianness } from 'node:os';
import type koffi from 'koffi';

/**
 * Calls of libc, as its manual has them: what is negative failed, and `errno` says why, until the next call. Numbers are
 * what the calls take on 64-bit Linux. A Buffer is handed over by its place in memory: it must live as long as the call.
 */
export interface Libc {
  /** Of the last call of this thread that failed. */
  errno(): number;
  /** Where a Buffer lies, to be written into an iovec or a msghdr. */
  address(buffer: Uint8Array): bigint;
  close(fd: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  read(fd: number, into: Uint8Array, count: number): number;
  write(fd: number, from: Uint8Array, count: number): number;
  /** iovec: two words of 64 bits for each piece, its place and its length. */
  preadv(fd: number, iovec: Uint8Array, pieces: number, offset: number): number;
  sendfile(to: number, from: number, offset: BigInt64Array, count: number): number;
  posix_fadvise(fd: number, offset: number, count: number, advice: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  eventfd(value: number, flags: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, events: Uint8Array, most: number, timeoutMs: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  send(fd: number, bytes: Uint8Array, count: number, flags: number): number;
  recv(fd: number, into: Uint8Array, count: number, flags: number): number;
  sendto(fd: number, bytes: Uint8Array, count: number, flags: number, to: Uint8Array, length: number): number;
  recvfrom(fd: number, into: Uint8Array, count: number, flags: number, from: Uint8Array, length: Uint8Array): number;
  sendmsg(fd: number, msghdr: Uint8Array, flags: number): number;
  recvmsg(fd: number, msghdr: Uint8Array, flags: number): number;
  /** The name ends with a zero. */
  if_nametoindex(name: Uint8Array): number;
}

/** libc, or why it cannot be called here. */
export type Native = { readonly libc: Libc } | { readonly why: string };

// The same numbers on every processor that Linux runs on here.
export const EINTR = 4;
export const EAGAIN = 11;

/**
 * libc through koffi, which is an optional package: every caller has a way without. What it loads stays loaded;
 * each thread loads it for itself. Never rejects.
 */
export async function loadLibc(host: Pick<NodeJS.Process, 'platform' | 'arch'> = process): Promise<Native> {
  // Structures are written by hand below, and have other places elsewhere.
  if (host.platform !== 'linux' || !['x64', 'arm64'].includes(host.arch) || endianness() !== 'LE') {
    return { why: `libc is only called on Linux on x64 and arm64, and this is ${host.platform} on ${host.arch}` };
  }
  try {
    // `default` of what require() gives is the same object.
    const { default: ffi } = await import('koffi');
    return { libc: bindCalls(ffi) };
  } catch (error) {
    return { why: `the optional package koffi cannot be loaded here (${codeOf(error)}): install it again with npm ci` };
  }
}

// Of what C calls them; `ssize_t` and `off_t` have 64 bits here, and come as numbers.
const CALLS = {
  close: 'int close(int)',
  fcntl: 'int fcntl(int, int, int)',
  read: 'int64_t read(int, void *, size_t)',
  write: 'int64_t write(int, void *, size_t)',
  preadv: 'int64_t preadv(int, void *, int, int64_t)',
  sendfile: 'int64_t sendfile(int, int, void *, size_t)',
  posix_fadvise: 'int posix_fadvise(int, int64_t, int64_t, int)',
  ioctl: 'int ioctl(int, unsigned long, void *)',
  eventfd: 'int eventfd(unsigned int, int)',
  epoll_create1: 'int epoll_create1(int)',
  epoll_ctl: 'int epoll_ctl(int, int, int, void *)',
  epoll_wait: 'int epoll_wait(int, void *, int, int)',
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, void *, uint32_t)',
  connect: 'int connect(int, void *, uint32_t)',
  getsockname: 'int getsockname(int, void *, void *)',
  setsockopt: 'int setsockopt(int, int, int, void *, uint32_t)',
  getsockopt: 'int getsockopt(int, int, int, void *, void *)',
  send: 'int64_t send(int, void *, size_t, int)',
  recv: 'int64_t recv(int, void *, size_t, int)',
  sendto: 'int64_t sendto(int, void *, size_t, int, void *, uint32_t)',
  recvfrom: 'int64_t recvfrom(int, void *, size_t, int, void *, void *)',
  sendmsg: 'int64_t sendmsg(int, void *, int)',
  recvmsg: 'int64_t recvmsg(int, void *, int)',
  if_nametoindex: 'unsigned int if_nametoindex(void *)',
} as const satisfies Readonly<Record<Exclude<keyof Libc, 'errno' | 'address'>, string>>;

/** Throws where this libc has not all of them. */
function bindCalls(ffi: typeof koffi): Libc {
  // Those of the process itself: Node is linked with libc.
  const library = ffi.load(null);
  const calls = Object.fromEntries(Object.entries(CALLS).map(([name, prototype]) => [name, library.func(prototype)]));
  return {
    ...(calls as unknown as Omit<Libc, 'errno' | 'address'>),
    errno: () => ffi.errno(),
    address: (buffer) => ffi.address(buffer),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'it does not fit this system';
}
