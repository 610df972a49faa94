import type { HostFiles } from '../files/host-file.ts';

/** The program that has a port open. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

const LISTENING = '0A';

/**
 * Who has the port, as far as /proc shows it: other people's programs only to root. proc(5): the local address is
 * hexadecimal `ADDRESS:PORT`, the tenth column the socket's inode, and /proc/PID/fd/N links to `socket:[INODE]`.
 */
export async function holderOf(proc: HostFiles, protocol: 'tcp' | 'udp', port: number): Promise<Holder | undefined> {
  const tables = await Promise.all(
    [protocol, `${protocol}6`].map(async (name) => await proc.read(`/proc/net/${name}`)),
  );
  const wanted = new Set(tables.flatMap((table) => inodes(table ?? '', protocol, port)).map((n) => `socket:[${n}]`));
  if (wanted.size === 0) return undefined;
  for (const pid of await proc.list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await proc.list(`/proc/${pid}/fd`)) {
      const link = await proc.link(`/proc/${pid}/fd/${fd}`);
      if (link === undefined || !wanted.has(link)) continue;
      const name = (await proc.read(`/proc/${pid}/comm`))?.trim();
      return { pid: Number(pid), name: name === undefined || name === '' ? '?' : name };
    }
  }
  return undefined;
}

function inodes(table: string, protocol: 'tcp' | 'udp', port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [local = '', state = '', inode = ''] = [columns[1], columns[3], columns[9]];
    const open = protocol === 'udp' || state === LISTENING;
    return local.endsWith(suffix) && open && /^[1-9]\d*$/.test(inode) ? [inode] : [];
  });
}
