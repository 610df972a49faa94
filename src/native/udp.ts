import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Failure } from '../model/failure.ts';
import { ipv6Bytes } from '../model/ipv6.ts';
import { checked } from './epoll.ts';
import { EAGAIN, type Libc } from './libc.ts';

// <sys/socket.h>, <netinet/udp.h>
const [AF_INET, AF_INET6] = [2, 10];
const SOCK_DGRAM = 2;
const [SOL_SOCKET, SO_REUSEADDR] = [1, 2];
const ECONNREFUSED = 111;
const [NONBLOCK, CLOSE_ON_EXEC] = [0o4000, 0o2000000];
const [IPPROTO_UDP, UDP_SEGMENT] = [17, 103];
const [IPPROTO_IPV6, IPV6_V6ONLY] = [41, 26];
const DONT_WAIT = 0x40;
/** UDP_MAX_SEGMENTS of every kernel that has it, and what one IPv4 datagram may hold before it is cut. */
const MOST_SEGMENTS = 64;
const MOST_BYTES = 65_000;
const DISCARDED = Buffer.alloc(1);

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

/**
 * A UDP socket of one peer, that belongs to no event loop: a thread with an Epoll of its own waits for it. It never blocks.
 * It is connected: the kernel looks for the way once and not for each packet. So what others send to its port would be
 * refused by the kernel: a second socket at the same port hears that.
 */
export class PeerUdp {
  /** Readable when the peer sent something. */
  readonly fd: number;
  /** Readable when another one did. */
  readonly strangersFd: number;
  /** Who sent what `receiveStranger` gave last. */
  readonly stranger: SocketAddress;
  readonly #libc: Libc;
  readonly #length = Buffer.alloc(4);
  #segments = 0;

  /** Throws when the address is not, or no longer, one of this host. */
  constructor(libc: Libc, address: string, peer: SocketAddress) {
    this.#libc = libc;
    const own = socketAddress(address, 0);
    this.stranger = Buffer.alloc(own.length);
    this.fd = this.#open(own);
    try {
      this.#length.writeUInt32LE(own.length);
      checked(libc, 'getsockname', libc.getsockname(this.fd, own, this.#length));
      checked(libc, 'connect', libc.connect(this.fd, peer, peer.length));
      // What strangers sent before it was connected.
      while (this.receive(DISCARDED) >= 0);
      this.#set(this.fd, SOL_SOCKET, SO_REUSEADDR, 1);
      this.strangersFd = this.#open(own);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
    // Only these two share the port.
    this.#set(this.fd, SOL_SOCKET, SO_REUSEADDR, 0);
  }

  /** How many bytes of a datagram are in `into` now; -1 where none waits. */
  receive(into: Buffer): number {
    return this.#libc.recv(this.fd, into, into.length, DONT_WAIT);
  }

  /** The same of what is not from the peer. */
  receiveStranger(into: Buffer): number {
    this.#length.writeUInt32LE(this.stranger.length);
    return this.#libc.recvfrom(this.strangersFd, into, into.length, DONT_WAIT, this.stranger, this.#length);
  }

  /** To whom `receiveStranger` heard last. */
  answerStranger(bytes: Buffer): void {
    this.#libc.sendto(this.strangersFd, bytes, bytes.length, DONT_WAIT, this.stranger, this.stranger.length);
  }

  /** What cannot be sent is lost, as anything may be on its way. */
  send(bytes: Buffer): void {
    // A message that is longer than the packets of the last window would be cut as they were.
    if (this.#segments > 0 && bytes.length > this.#segments) {
      this.#set(this.fd, IPPROTO_UDP, UDP_SEGMENT, 0);
      this.#segments = 0;
    }
    this.#sendNow(bytes);
  }

  /**
   * Datagrams of `size` bytes that lie one behind the other, the last may be shorter: the kernel cuts them (UDP_SEGMENT),
   * which costs one way through it for all of them. Where it does not (an old kernel, a card that cannot, a packet larger
   * than the network's), each goes by itself from then on.
   */
  sendAll(bytes: Buffer, size: number): void {
    if (bytes.length <= size) {
      this.send(bytes);
      return;
    }
    const most = Math.min(MOST_SEGMENTS, Math.floor(MOST_BYTES / size)) * size;
    for (let at = 0; at < bytes.length; at += most) {
      const piece = bytes.length <= most ? bytes : bytes.subarray(at, at + most);
      if (!this.#sendSegments(piece, size)) this.#sendEach(piece, size);
    }
  }

  close(): void {
    this.#libc.close(this.fd);
    this.#libc.close(this.strangersFd);
  }

  /** Bound. */
  #open(own: SocketAddress): number {
    const libc = this.#libc;
    const family = own.readUInt16LE(0);
    const fd = checked(libc, 'socket', libc.socket(family, SOCK_DGRAM | NONBLOCK | CLOSE_ON_EXEC, 0));
    try {
      if (family === AF_INET6) this.#set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
      // The second one at its port.
      if (own.readUInt16BE(2) !== 0) this.#set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      checked(libc, 'bind', libc.bind(fd, own, own.length));
      return fd;
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  /** False where nothing was sent because the kernel does not cut it. */
  #sendSegments(bytes: Buffer, size: number): boolean {
    if (this.#segments < 0) return false;
    if (this.#segments !== size && !this.#set(this.fd, IPPROTO_UDP, UDP_SEGMENT, size)) {
      this.#segments = -1;
      return false;
    }
    this.#segments = size;
    // No room in the socket's buffer: lost, as anything may be on its way.
    if (this.#sendNow(bytes) >= 0 || this.#libc.errno() === EAGAIN) return true;
    this.#set(this.fd, IPPROTO_UDP, UDP_SEGMENT, 0);
    this.#segments = -1;
    return false;
  }

  #sendEach(bytes: Buffer, size: number): void {
    for (let at = 0; at < bytes.length; at += size) this.send(bytes.subarray(at, at + size));
  }

  /** Negative where it was not sent. */
  #sendNow(bytes: Buffer): number {
    const sent = this.#libc.send(this.fd, bytes, bytes.length, DONT_WAIT);
    // That an earlier packet was refused is told by the next call, in its stead: what it should have sent is not sent.
    if (sent >= 0 || this.#libc.errno() !== ECONNREFUSED) return sent;
    return this.#libc.send(this.fd, bytes, bytes.length, DONT_WAIT);
  }

  #set(fd: number, level: number, option: number, value: number): boolean {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.#libc.setsockopt(fd, level, option, bytes, bytes.length) === 0;
  }
}
