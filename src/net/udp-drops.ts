import { HOST_FILES, type HostFiles } from '../files/host-file.ts';

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
