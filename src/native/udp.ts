import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Failure } from '../model/failure.ts';
import { ipv6Bytes } from '../model/ipv6.ts';
import { checked } from './epoll.ts';
import { EAGAIN, type Libc } from './libc.ts';

// <sys/socket.h>, <netinet/udp.h>
const [AF_INET, AF_INET6] = [2, 10];
const SOCK_DGRAM = 2;
const [NONBLOCK, CLOSE_ON_EXEC] = [0o4000, 0o2000000];
const [IPPROTO_UDP, UDP_SEGMENT] = [17, 103];
const [IPPROTO_IPV6, IPV6_V6ONLY] = [41, 26];
const DONT_WAIT = 0x40;
/** UDP_MAX_SEGMENTS of every kernel that has it, and what one IPv4 datagram may hold before it is cut. */
const MOST_SEGMENTS = 64;
const MOST_BYTES = 65_000;

/** An address and a port as the kernel writes them. */
export type SocketAddress = Buffer;

/** Throws for what is no address, and for a scope that this host does not have. */
export function socketAddress(address: string, port: number): SocketAddress {
  const [plain = '', scope] = address.split('%');
  const bytes = Buffer.alloc(isIPv6(plain) ? 28 : 16);
  bytes.writeUInt16LE(isIPv6(plain) ? AF_INET6 : AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  if (!isIPv6(plain)) {
    bytes.set(plain.split('.').map(Number), 4);
    return bytes;
  }
  ipv6Bytes(plain).copy(bytes, 8);
  bytes.writeUInt32LE(scope === undefined ? 0 : scopeOf(plain, scope), 24);
  return bytes;
}

function scopeOf(address: string, scope: string): number {
  if (/^\d+$/.test(scope)) return Number(scope);
  const found = networkInterfaces()[scope]?.find((entry) => entry.family === 'IPv6' && entry.scopeid !== 0);
  if (found?.family !== 'IPv6') throw new Failure('unavailable', `no interface ${scope} for ${address}`);
  return found.scopeid;
}

/** The same port of the same host. */
export function isSamePeer(one: SocketAddress, other: SocketAddress): boolean {
  if (one[0] !== other[0] || one.readUInt16BE(2) !== other.readUInt16BE(2)) return false;
  return one[0] === AF_INET ? one.readUInt32BE(4) === other.readUInt32BE(4) : one.compare(other, 8, 24, 8, 24) === 0;
}

/** A UDP socket that belongs to no event loop: a thread with an Epoll of its own waits for it. It never blocks. */
export class KernelUdp {
  readonly fd: number;
  /** Who sent what `receive` gave last. */
  readonly from: SocketAddress;
  readonly #libc: Libc;
  readonly #length = Buffer.alloc(4);
  #segments = 0;

  /** Throws when the address is not, or no longer, one of this host. */
  constructor(libc: Libc, address: string, port: number) {
    const own = socketAddress(address, port);
    const family = own.readUInt16LE(0);
    this.#libc = libc;
    this.from = Buffer.alloc(own.length);
    this.fd = checked(libc, 'socket', libc.socket(family, SOCK_DGRAM | NONBLOCK | CLOSE_ON_EXEC, 0));
    try {
      if (family === AF_INET6) this.#set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
      checked(libc, 'bind', libc.bind(this.fd, own, own.length));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** How many bytes of a datagram are in `into` now; -1 where none waits. */
  receive(into: Buffer): number {
    this.#length.writeUInt32LE(this.from.length);
    return this.#libc.recvfrom(this.fd, into, into.length, DONT_WAIT, this.from, this.#length);
  }

  /** What cannot be sent is lost, as anything may be on its way. */
  send(bytes: Buffer, to: SocketAddress): void {
    // A message that is longer than the packets of the last window would be cut as they were.
    if (this.#segments > 0 && bytes.length > this.#segments) {
      this.#set(IPPROTO_UDP, UDP_SEGMENT, 0);
      this.#segments = 0;
    }
    this.#libc.sendto(this.fd, bytes, bytes.length, DONT_WAIT, to, to.length);
  }

  /**
   * Datagrams of `size` bytes that lie one behind the other, the last may be shorter: the kernel cuts them (UDP_SEGMENT),
   * which costs one way through it for all of them. Where it does not (an old kernel, a card that cannot, a packet larger
   * than the network's), each goes by itself from then on.
   */
  sendAll(bytes: Buffer, size: number, to: SocketAddress): void {
    if (bytes.length <= size) {
      this.send(bytes, to);
      return;
    }
    const most = Math.min(MOST_SEGMENTS, Math.floor(MOST_BYTES / size)) * size;
    for (let at = 0; at < bytes.length; at += most) {
      const piece = bytes.length <= most ? bytes : bytes.subarray(at, at + most);
      if (!this.#sendSegments(piece, size, to)) this.#sendEach(piece, size, to);
    }
  }

  close(): void {
    this.#libc.close(this.fd);
  }

  /** False where nothing was sent because the kernel does not cut it. */
  #sendSegments(bytes: Buffer, size: number, to: SocketAddress): boolean {
    if (this.#segments < 0) return false;
    if (this.#segments !== size && !this.#set(IPPROTO_UDP, UDP_SEGMENT, size)) {
      this.#segments = -1;
      return false;
    }
    this.#segments = size;
    const sent = this.#libc.sendto(this.fd, bytes, bytes.length, DONT_WAIT, to, to.length);
    // No room in the socket's buffer: lost, as anything may be on its way.
    if (sent >= 0 || this.#libc.errno() === EAGAIN) return true;
    this.#set(IPPROTO_UDP, UDP_SEGMENT, 0);
    this.#segments = -1;
    return false;
  }

  #sendEach(bytes: Buffer, size: number, to: SocketAddress): void {
    for (let at = 0; at < bytes.length; at += size) this.send(bytes.subarray(at, at + size), to);
  }

  #set(level: number, option: number, value: number): boolean {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.#libc.setsockopt(this.fd, level, option, bytes, bytes.length) === 0;
  }
}
