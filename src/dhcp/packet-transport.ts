import type { Socket } from 'node:dgram';
import type { Log } from '../model/service.ts';
import { openDoorbell } from '../native/doorbell.ts';
import { loadLibc } from '../native/libc.ts';
import { interfaceIndex, KernelPackets } from '../native/packets.ts';
import type { LocalAddress } from '../net/addresses.ts';
import { bindFailure, bindUdp, closeUdp, type Endpoint, sendUdp } from '../net/udp-socket.ts';

/** How packets come and go: by Node's dgram, or by libc. */
export interface PacketTransport {
  /** Rejects with a Failure that says why the address cannot be opened. */
  open(address: string, port: number, receiveBuffer: number, onPacket: OnPacket): Promise<OpenSocket>;
  /** To every machine in the network of this address of ours, from there. Rejects when it cannot be sent. */
  broadcast(from: LocalAddress, bytes: Buffer): Promise<void>;
  /** The addresses that are answered from now. */
  places(places: readonly LocalAddress[]): void;
  /** This address is answered from no more. */
  forget(address: string): Promise<void>;
  /** After all that was opened. */
  close(): Promise<void>;
}

export interface OpenSocket {
  send(bytes: Buffer, to: Endpoint): Promise<void>;
  close(): Promise<void>;
}

/** `by`: the interface, where that is known; empty for one that none of `places` is at. */
type OnPacket = (bytes: Buffer, from: Endpoint, by: string | undefined) => void;

/** Node's sockets, which do not tell by which interface a packet came. */
export function dgramPackets(log: Log, port: number, everybody: Endpoint): PacketTransport {
  const answers = new AnswerSockets(port, everybody);
  return {
    async open(address, at, receiveBuffer, onPacket) {
      const socket = await bindUdp(address, at, {
        ...{ shared: true, receiveBuffer },
        onError: (cause) => {
          log.warn({ address, port: at, cause }, 'dhcp: socket error');
        },
      });
      socket.on('message', (bytes, from) => {
        onPacket(bytes, from, undefined);
      });
      return {
        send: async (bytes, to) => {
          await sendUdp(socket, bytes, to);
        },
        close: async () => {
          await closeUdp(socket);
        },
      };
    },
    broadcast: async ({ address }, bytes) => {
      await answers.send(address, bytes);
    },
    places: () => undefined,
    forget: async (address) => {
      await answers.close(address);
    },
    close: async () => {
      await answers.closeAll();
    },
  };
}

/** Packets are taken out of the kernel so many at a time: others get their turn. */
const AT_ONCE = 64;
/** Where one came more will come: they are looked for, which costs less than to be rung for each. */
const BUSY_MS = 1;

/**
 * Libc's sockets (IP_PKTINFO): the one that hears broadcasts says by which interface each came, and answers leave by it
 * from any address of ours. Undefined where libc cannot be called, or no thread be begun. `execArgv`: how its thread is started, when
 * not as this process was.
 */
export async function kernelPackets(
  log: Log,
  everybody: Endpoint,
  execArgv?: readonly string[],
): Promise<PacketTransport | undefined> {
  const native = await loadLibc();
  if ('why' in native) return undefined;
  const { libc } = native;
  const doorbell = await openDoorbell(libc, log, execArgv);
  if (doorbell === undefined) return undefined;
  let byIndex: ReadonlyMap<number, string> = new Map();
  let byName: ReadonlyMap<string, number> = new Map();
  let broadcasts: KernelPackets | undefined;

  function opened(address: string, port: number, receiveBuffer: number): KernelPackets {
    try {
      return new KernelPackets(libc, address, port, receiveBuffer);
    } catch (cause) {
      throw bindFailure(address, port, cause);
    }
  }

  return {
    open(address, port, receiveBuffer, onPacket) {
      const socket = opened(address, port, receiveBuffer);
      if (address === everybody.address) broadcasts = socket;
      let turn: NodeJS.Immediate | undefined;
      let soon: NodeJS.Timeout | undefined;
      const drain = (): void => {
        for (let count = 0; count < AT_ONCE; count += 1) {
          const packet = socket.receive();
          if (packet === undefined) {
            if (count === 0) bell.again();
            else soon = setTimeout(drain, BUSY_MS);
            return;
          }
          const by = byIndex.size === 0 ? undefined : (byIndex.get(packet.interfaceIndex) ?? '');
          onPacket(packet.bytes, packet.from, by);
        }
        turn = setImmediate(drain);
      };
      const bell = doorbell.watch(socket.fd, drain);
      return Promise.resolve({
        send: async (bytes, to) => {
          socket.send(bytes, to, { interfaceIndex: 0, address });
          await Promise.resolve();
        },
        close: async () => {
          clearImmediate(turn);
          clearTimeout(soon);
          bell.close();
          socket.close();
          if (broadcasts === socket) broadcasts = undefined;
          await Promise.resolve();
        },
      });
    },
    broadcast: async ({ address, interfaceName }, bytes) => {
      broadcasts?.send(bytes, everybody, { interfaceIndex: byName.get(linkOf(interfaceName)) ?? 0, address });
      await Promise.resolve();
    },
    places(places) {
      const names = [...new Set(places.map(({ interfaceName }) => linkOf(interfaceName)))];
      const known = names.map((name) => [name, interfaceIndex(libc, name)] as const).filter(([, index]) => index > 0);
      byName = new Map(known);
      byIndex = new Map(known.map(([name, index]) => [index, name]));
    },
    forget: () => Promise.resolve(),
    close: async () => {
      await doorbell.close();
    },
  };
}

/** The interface of a name: `eth0:1` is a second address of eth0. */
export function linkOf(interfaceName: string): string {
  return interfaceName.split(':')[0] ?? interfaceName;
}

/**
 * One socket for each of our addresses, kept. Firmware wants port 67 as the source, and a broadcast leaves by the
 * interface whose address the socket has (a wildcard's goes by the default route).
 *
 * Each is connected to where it sends. An unconnected socket of our address and port 67 would be the kernel's better match
 * for the unicast renewals of a DHCP server beside us; a connected one gets only what its peer sends, and
 * nothing comes from the broadcast address.
 */
export class AnswerSockets {
  readonly #to: Endpoint;
  readonly #port: number;
  readonly #sockets = new Map<string, Promise<Socket>>();

  /** `port`: the port to send from. `to`: where every answer goes. */
  constructor(port: number, to: Endpoint) {
    this.#port = port;
    this.#to = to;
  }

  /** Resolves when the kernel has it. Rejects when it cannot be sent; the next answer tries with a new socket. */
  async send(address: string, bytes: Buffer): Promise<void> {
    const opening = this.#sockets.get(address) ?? connected(address, this.#port, this.#to);
    this.#sockets.set(address, opening);
    try {
      await sendUdp(await opening, bytes);
    } catch (cause) {
      if (this.#sockets.get(address) === opening) await this.close(address);
      throw cause;
    }
  }

  async close(address: string): Promise<void> {
    const opening = this.#sockets.get(address);
    this.#sockets.delete(address);
    const socket = await opening?.catch(() => undefined);
    if (socket !== undefined) await closeUdp(socket);
  }

  async closeAll(): Promise<void> {
    for (const address of [...this.#sockets.keys()]) await this.close(address);
  }
}

async function connected(address: string, port: number, to: Endpoint): Promise<Socket> {
  // What goes wrong with an answer is thrown to its sender.
  const socket = await bindUdp(address, port, { shared: true, onError: () => undefined });
  socket.setBroadcast(true);
  await new Promise<void>((resolve) => {
    socket.connect(to.port, to.address, resolve);
  });
  return socket;
}
