import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../model/failure.ts';

/** Files that somebody carried here, offered as a mirror to this process alone. */
export interface Stick {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves files by their names, wherever in a publisher's tree they are asked for: what is imported goes through the
 * same requests and the same verification as what is downloaded. Throws Failure `not-found` for a file that cannot be
 * read, and `invalid` for two with one name.
 */
export async function openStick(paths: readonly string[]): Promise<Stick> {
  const files = new Map<string, { readonly path: string; readonly size: number; readonly etag: string }>();
  for (const path of paths) {
    const name = basename(path);
    const facts = await stat(path).catch((cause: unknown) => {
      throw new Failure('not-found', `${name} cannot be read`, { cause });
    });
    if (!facts.isFile()) throw new Failure('invalid', `${name} is not a file`);
    if (files.has(name)) throw new Failure('invalid', `two files are called ${name}`);
    files.set(name, { path, size: facts.size, etag: `"${facts.size}-${facts.mtimeMs}"` });
  }
  const server = createServer((request, response) => {
    const last = new URL(request.url ?? '', 'http://stick').pathname.split('/').at(-1) ?? '';
    const file = files.get(unescaped(last));
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    send(file, request.method === 'HEAD', response).catch(() => {
      response.destroy();
    });
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function send(
  { path, size, etag }: { readonly path: string; readonly size: number; readonly etag: string },
  head: boolean,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-length': size, etag, 'content-type': 'application/octet-stream' });
  if (head) response.end();
  else await pipeline(createReadStream(path), response);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve();
    });
  });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
