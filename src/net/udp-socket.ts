import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { HOST_FILES, type HostFiles } from '../files/system-error.ts';
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
    recvBufferSize: options.receiveBuffer,
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

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Resolves when the kernel has it. Without `to` it goes where the socket is connected to. */
export async function sendUdp(socket: Socket, bytes: Buffer, to?: Endpoint): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (cause: Error | null): void => {
      if (cause === null) resolve();
      else reject(cause);
    };
    if (to === undefined) socket.send(bytes, done);
    else socket.send(bytes, to.port, to.address, done);
  });
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

/** Why an address could not be opened: for people. */
export function bindFailure(address: string, port: number, cause: unknown): Failure {
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

/** True the first time a key is given. The oldest keys are forgotten first: invented ones must not fill the memory. */
export function createOnce(keys = 4096): (key: string) => boolean {
  const seen = new Set<string>();
  return (key) => {
    if (seen.has(key)) return false;
    seen.add(key);
    if (seen.size > keys) seen.delete(seen.values().next().value ?? key);
    return true;
  };
}

/** How many packets the kernel threw away because a socket's buffer was full, since those sockets were opened. */
export interface UdpDrops {
  /** Looks for this process's UDP sockets at these ports: call it when some were opened or closed. */
  follow(): Promise<void>;
  /** Since the start; never falls. Zero where the kernel does not say it (not Linux, no /proc). */
  read(): Promise<number>;
}

/**
 * Node does not tell a socket's drops, /proc/self/net/udp does: its first columns are the local address and port, its last
 * the inode and the drops (proc_pid_net(5)). Other programs may have the same port: only our inodes count.
 */
export function createUdpDrops(ports: readonly number[], host: HostFiles = HOST_FILES): UdpDrops {
  const hexPorts = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
  const byInode = new Map<string, number>();
  let ours: ReadonlySet<string> = new Set();

  return {
    async follow() {
      ours = await socketInodes(host);
    },
    async read() {
      const table = (await host.read('/proc/self/net/udp')) ?? '';
      for (const line of table.split('\n').slice(1)) {
        const words = line.trim().split(/\s+/);
        const port = words[1]?.split(':')[1] ?? '';
        const inode = words[9] ?? '';
        const drops = Number(words[12]);
        if (hexPorts.has(port) && ours.has(inode) && Number.isSafeInteger(drops)) byInode.set(inode, drops);
      }
      return [...byInode.values()].reduce((sum, drops) => sum + drops, 0);
    },
  };
}

async function socketInodes(host: HostFiles): Promise<ReadonlySet<string>> {
  const names = await host.list('/proc/self/fd');
  const targets = await Promise.all(names.map(async (name) => await host.link(`/proc/self/fd/${name}`)));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target ?? '')?.[1] ?? []));
}
