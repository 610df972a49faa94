import { createHash } from 'node:crypto';
import { open, readFile, readlink } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { errnoOf } from './system-error.ts';

/** `sun_path` holds 108 bytes on Linux and 104 on others, with the zero at the end; a longer one is cut off silently. */
const MOST_BYTES = 103;

/** A socket in a folder, for as long as this process lives: a process that can connect knows that. */
export interface LifeSocket {
  close(): Promise<void>;
}

/** Undefined where the file system has no sockets. */
export async function openLifeSocket(path: string): Promise<LifeSocket | undefined> {
  const server = createServer((client) => {
    client.on('error', () => undefined);
    client.destroy();
  });
  const way = await reachable(path);
  try {
    // For all users: a server with its own user is asked by root, and the other way round.
    await listening(server, way.path);
  } catch (error) {
    await way.close();
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
  server.on('error', () => undefined);
  server.unref();
  return {
    async close() {
      // Takes the file away as well.
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      await way.close();
    },
  };
}

/**
 * Whether a process listens there. `dead`: on this host none does, which says nothing about other hosts that share the
 * folder. The kernel answers, however busy or stopped that process is.
 */
export async function knock(path: string): Promise<'alive' | 'dead' | 'unknown'> {
  const way = await reachable(path);
  try {
    return await new Promise((resolve) => {
      const client = createConnection(way.path);
      client.on('connect', () => {
        client.destroy();
        resolve('alive');
      });
      client.on('error', (error) => {
        const code = errnoOf(error);
        // A full queue of connections is a sign of life, too.
        if (code === 'EAGAIN') resolve('alive');
        else resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'dead' : 'unknown');
      });
    });
  } finally {
    await way.close();
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, readableAll: true, writableAll: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A path that is short enough for a socket: a long one goes by way of its open folder. */
async function reachable(path: string): Promise<{ readonly path: string; close(): Promise<void> }> {
  if (Buffer.byteLength(path) <= MOST_BYTES) return { path, close: () => Promise.resolve() };
  const folder = await open(dirname(path), 'r');
  return { path: `/proc/self/fd/${folder.fd}/${basename(path)}`, close: () => folder.close() };
}

/** Which process on which host. Where the system does not tell (a unit with ProcSubset=pid), a field is empty. */
export interface ProcessId {
  /** In its own namespace. */
  readonly pid: number;
  /** When it began, in the kernel's ticks: a process id is given away again. */
  readonly started: string;
  /** Which run of which kernel. */
  readonly boot: string;
  /** Which namespace of process ids; the first one has the same name on every host. */
  readonly space: string;
  /** Made of the machine id (never shown, see machine-id(5)) and the host's name. */
  readonly host?: string;
  /** The host's name, for people. */
  readonly name?: string;
}

export async function describeProcess(): Promise<ProcessId> {
  const machine = await firstLine('/etc/machine-id');
  const name = hostname();
  const host = machine === '' ? '' : createHash('sha256').update(`pilotlight ${machine} ${name}`).digest('hex');
  return {
    pid: process.pid,
    started: (await startTime(process.pid)) ?? '',
    boot: await firstLine('/proc/sys/kernel/random/boot_id'),
    space: await readlink('/proc/self/ns/pid').catch(() => ''),
    host: host.slice(0, 16),
    name,
  };
}

/** Field 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold spaces and brackets. Undefined for a dead process. */
export async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** The same run of the same kernel, for sure. */
export function isSameKernel(a: ProcessId, b: ProcessId): boolean {
  return a.boot !== '' && a.boot === b.boot;
}

/**
 * The same host, for sure: its kernel knows all processes that may listen. Where that is in doubt it counts as another,
 * which costs two minutes after a crash; the opposite would let two in.
 */
export function isSameHost(a: ProcessId, b: ProcessId): boolean {
  return isSameKernel(a, b) || (a.host !== undefined && a.host !== '' && a.host === b.host);
}

async function firstLine(path: string): Promise<string> {
  return await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
