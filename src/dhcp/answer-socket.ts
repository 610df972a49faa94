import { createSocket } from 'node:dgram';
import type { Endpoint } from './proxy-reply.ts';

/**
 * Sends one packet from an interface's own address, and closes the socket at once: for who asks seldom. A broadcast leaves
 * by the interface whose address the socket has (a wildcard's goes by the default route).
 */
export async function sendFrom(address: string, port: number, bytes: Buffer, to: Endpoint): Promise<void> {
  const socket = createSocket({
    type: 'udp4',
    reuseAddr: true,
    // Everything here is numeric; answering at once keeps bind and send in this turn.
    lookup: (host, _options, callback) => {
      callback(null, host, 4);
    },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.setBroadcast(true);
        socket.send(bytes, to.port, to.address, (cause) => {
          if (cause === null) resolve();
          else reject(cause);
        });
      });
    });
  } finally {
    socket.close();
  }
}
