import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { Failure } from '../model/failure.ts';

interface UdpOptions {
  /** Several processes may listen at the port; each gets every broadcast. */
  readonly shared?: boolean;
  /** Bytes that the kernel keeps for us; it gives less where net.core.rmem_max is smaller. */
  readonly receiveBuffer?: number;
  readonly onError: (cause: Error) => void;
}

/**
 * A UDP socket bound to one address (never a name). Sending from it never waits for a name to be resolved: dgram asks
 * its `lookup` even for numeric addresses, which costs an event loop's turn for each packet.
 */
export async function bindUdp(address: string, port: number, options: UdpOptions): Promise<Socket> {
  const family = isIPv6(withoutScope(address)) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    reuseAddr: options.shared ?? false,
    ...(options.receiveBuffer === undefined ? {} : { recvBufferSize: options.receiveBuffer }),
    lookup: (host, _options, callback) => {
      callback(null, host, family);
    },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  }).catch((cause: unknown) => {
    socket.close();
    throw bindFailure(address, port, cause);
  });
  socket.on('error', options.onError);
  return socket;
}

/** Closes and resolves when the descriptor is gone. */
export async function closeUdp(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
}

/** `fe80::1%eth0` is an address too. */
function withoutScope(address: string): string {
  return address.split('%')[0] ?? address;
}

function bindFailure(address: string, port: number, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const where = `UDP port ${port} of ${address}`;
  switch (code) {
    case 'EACCES':
      return new Failure('refused', `${where} may not be opened`, {
        remedy:
          'ports below 1024 need root or CAP_NET_BIND_SERVICE: setcap cap_net_bind_service=+ep $(command -v node)',
        cause,
      });
    case 'EADDRINUSE':
      return new Failure('conflict', `${where} is taken by another program`, {
        remedy:
          port === 67
            ? 'a DHCP server here must share it: dnsmasq does with bind-dynamic in its configuration (libvirt sets it)'
            : `see which: ss -ulnp 'sport = :${port}'`,
        cause,
      });
    default:
      return new Failure('unavailable', `${where} cannot be opened (${code})`, { cause });
  }
}
