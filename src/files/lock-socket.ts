import { open } from 'node:fs/promises';
import { createServer, createConnection, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { errnoOf } from './system-error.ts';

/** `sun_path` holds 108 bytes on Linux and 104 on others, with the zero at the end; a longer one is cut off silently. */
const MOST_BYTES = 103;

/** A socket in a folder, for as long as this process lives: who can connect to it knows that. */
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
  return { path: `/proc/self/fd/${String(folder.fd)}/${basename(path)}`, close: () => folder.close() };
}
