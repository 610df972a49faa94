import { getSystemErrorName } from 'node:util';
import { checked } from './epoll.ts';
import { EAGAIN, type Libc } from './libc.ts';
import { type SocketAddress, socketAddress } from './udp.ts';

// <sys/socket.h>, <netinet/in.h>
const [AF_INET, SOCK_DGRAM] = [2, 2];
const [NONBLOCK, CLOSE_ON_EXEC] = [0o4000, 0o2000000];
const DONT_WAIT = 0x40;
const SOL_SOCKET = 1;
const [SO_REUSEADDR, SO_BROADCAST, SO_RCVBUF, SO_RCVBUFFORCE] = [2, 6, 8, 33];
const [IPPROTO_IP, IP_PKTINFO] = [0, 8];
/** What a UDP packet of any length fits into: the kernel cuts off the rest. */
const LONGEST = 65_536;
/** struct msghdr of 64-bit systems: name, its length, iovec, its pieces, control, its length, flags. */
const MSGHDR = { bytes: 56, name: 0, nameLength: 8, iovec: 16, pieces: 24, control: 32, controlLength: 40 } as const;
/** A cmsghdr, before what it holds; each begins at a multiple of eight. */
const CMSGHDR = 16;
const PKTINFO_BYTES = 12;

/** A packet, and the number of the interface by which it came. */
export interface Packet {
  readonly bytes: Buffer;
  readonly from: { readonly address: string; readonly port: number };
  readonly interfaceIndex: number;
}

/** Where a packet is to leave: the interface, or 0 for the one that the routes say; and the address that it is sent from. */
export interface PacketSource {
  readonly interfaceIndex: number;
  readonly address: string;
}

/**
 * A UDP socket that says by which interface each packet came and lets each leave by the one that it is told (IP_PKTINFO,
 * see ip(7)). Others may listen at its port. It never blocks.
 */
export class KernelPackets {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #in: Message;
  readonly #out: Message;
  readonly #from: SocketAddress = socketAddress('0.0.0.0', 0);
  readonly #content = Buffer.alloc(LONGEST);
  readonly #destinations = new Map<string, SocketAddress>();

  /** Throws an error with its `code` when the address cannot be opened. */
  constructor(libc: Libc, address: string, port: number, receiveBuffer: number) {
    this.#libc = libc;
    this.fd = checked(libc, 'socket', libc.socket(AF_INET, SOCK_DGRAM | NONBLOCK | CLOSE_ON_EXEC, 0));
    this.#in = message(libc, 256);
    this.#in.header.writeBigUInt64LE(libc.address(this.#from), MSGHDR.name);
    this.#in.put(this.#content);
    this.#out = message(libc, CMSGHDR + 16);
    this.#out.control.writeBigUInt64LE(BigInt(CMSGHDR + PKTINFO_BYTES), 0);
    this.#out.control.writeInt32LE(IPPROTO_IP, 8);
    this.#out.control.writeInt32LE(IP_PKTINFO, 12);
    try {
      for (const option of [SO_REUSEADDR, SO_BROADCAST]) this.#set(SOL_SOCKET, option, 1);
      // Beyond net.core.rmem_max it takes CAP_NET_ADMIN.
      if (!this.#set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer)) this.#set(SOL_SOCKET, SO_RCVBUF, receiveBuffer);
      checked(libc, 'IP_PKTINFO', this.#set(IPPROTO_IP, IP_PKTINFO, 1) ? 0 : -1);
      const own = socketAddress(address, port);
      checked(libc, 'bind', libc.bind(this.fd, own, own.length));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Undefined where none waits. */
  receive(): Packet | undefined {
    const { header, control } = this.#in;
    header.writeUInt32LE(this.#from.length, MSGHDR.nameLength);
    header.writeUInt32LE(control.length, MSGHDR.controlLength);
    const count = this.#libc.recvmsg(this.fd, header, DONT_WAIT);
    if (count < 0) return undefined;
    let interfaceIndex = 0;
    const end = header.readUInt32LE(MSGHDR.controlLength);
    for (let at = 0; at + CMSGHDR <= end;) {
      const length = control.readUInt32LE(at);
      const [level, type] = [control.readInt32LE(at + 8), control.readInt32LE(at + 12)];
      if (level === IPPROTO_IP && type === IP_PKTINFO) interfaceIndex = control.readInt32LE(at + CMSGHDR);
      at += Math.max(CMSGHDR, Math.ceil(length / 8) * 8);
    }
    const from = this.#from;
    const address = `${from[4]}.${from[5]}.${from[6]}.${from[7]}`;
    const bytes = Buffer.allocUnsafe(count);
    this.#content.copy(bytes, 0, 0, count);
    return { bytes, from: { address, port: from.readUInt16BE(2) }, interfaceIndex };
  }

  /** Throws an error with its `code` where it cannot be sent. */
  send(bytes: Buffer, to: { readonly address: string; readonly port: number }, source: PacketSource): void {
    const { header, control } = this.#out;
    const destination = this.#destination(to);
    const own = this.#destination({ address: source.address, port: 0 });
    control.writeInt32LE(source.interfaceIndex, CMSGHDR);
    own.copy(control, CMSGHDR + 4, 4, 8);
    header.writeBigUInt64LE(this.#libc.address(destination), MSGHDR.name);
    header.writeUInt32LE(destination.length, MSGHDR.nameLength);
    this.#out.put(bytes);
    if (this.#libc.sendmsg(this.fd, header, DONT_WAIT) >= 0) return;
    const errno = this.#libc.errno();
    const code = errno === EAGAIN ? 'ENOBUFS' : getSystemErrorName(-errno);
    throw Object.assign(new Error(`sendmsg: ${code}`), { code });
  }

  close(): void {
    this.#libc.close(this.fd);
  }

  /** The few that answers go to are written once; a crowd of them is forgotten. */
  #destination({ address, port }: { readonly address: string; readonly port: number }): SocketAddress {
    const key = `${address} ${port}`;
    const known = this.#destinations.get(key);
    if (known !== undefined) return known;
    if (this.#destinations.size >= 256) this.#destinations.clear();
    const made = socketAddress(address, port);
    this.#destinations.set(key, made);
    return made;
  }

  #set(level: number, option: number, value: number): boolean {
    const word = Buffer.alloc(4);
    word.writeInt32LE(value);
    return this.#libc.setsockopt(this.fd, level, option, word, word.length) === 0;
  }
}

interface Message {
  readonly header: Buffer;
  readonly control: Buffer;
  /** What is sent, or where it is received. */
  put(content: Buffer): void;
  /** Kept as long as the kernel may look there. */
  content: Buffer | undefined;
}

function message(libc: Libc, controlBytes: number): Message {
  const [header, iovec, control] = [Buffer.alloc(MSGHDR.bytes), Buffer.alloc(16), Buffer.alloc(controlBytes)];
  header.writeBigUInt64LE(libc.address(iovec), MSGHDR.iovec);
  header.writeBigUInt64LE(1n, MSGHDR.pieces);
  header.writeBigUInt64LE(libc.address(control), MSGHDR.control);
  header.writeBigUInt64LE(BigInt(controlBytes), MSGHDR.controlLength);
  return {
    ...{ header, control, content: undefined },
    put(content) {
      this.content = content;
      iovec.writeBigUInt64LE(libc.address(content), 0);
      iovec.writeBigUInt64LE(BigInt(content.length), 8);
    },
  };
}

/** The number of an interface of this host; 0 where there is none of that name. */
export function interfaceIndex(libc: Libc, name: string): number {
  return libc.if_nametoindex(Buffer.from(`${name}\0`));
}
