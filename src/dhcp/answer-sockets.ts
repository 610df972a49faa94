import { createSocket, type Socket } from 'node:dgram';
import type { Endpoint } from './proxy-reply.ts';

/**
 * One socket for each of our addresses, kept. Firmware wants port 67 as the source, and a broadcast leaves by the
 * interface whose address the socket has (a wildcard's goes by the default route).
 *
 * Each is connected to where it sends. An unconnected socket of our address and port 67 would be the kernel's better match
 * for the unicast renewals of a DHCP server beside us; a connected one hears nobody but its peer, and nothing comes from
 * the broadcast address.
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
      const socket = await opening;
      await new Promise<void>((resolve, reject) => {
        socket.send(bytes, (cause) => {
          if (cause === null) resolve();
          else reject(cause);
        });
      });
    } catch (cause) {
      if (this.#sockets.get(address) === opening) await this.close(address);
      throw cause;
    }
  }

  async close(address: string): Promise<void> {
    const opening = this.#sockets.get(address);
    this.#sockets.delete(address);
    const socket = await opening?.catch(() => undefined);
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }

  async closeAll(): Promise<void> {
    for (const address of [...this.#sockets.keys()]) await this.close(address);
  }
}

async function connected(address: string, port: number, to: Endpoint): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true, lookup: numeric });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.setBroadcast(true);
        socket.connect(to.port, to.address, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    });
  } catch (cause) {
    socket.close();
    throw cause;
  }
  // What goes wrong with an answer is told to its sender.
  socket.on('error', () => undefined);
  return socket;
}

type Lookup = NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'];

/** Everything here is an address already. */
const numeric: Lookup = (host, _options, callback) => {
  callback(null, host, 4);
};
