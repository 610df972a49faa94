import { once } from 'node:events';
import { readdirSync, readlinkSync, utimesSync } from 'node:fs';
import {
  createServer,
  request,
  type RequestListener,
  type Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { sendFile, type SendExtras, type Sent } from '../../src/http/send-file.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { ChunkCache } from '../../src/images/chunk-cache.ts';
import { openImageStore } from '../../src/images/store.ts';
import { SILENT } from '../../src/model/service.ts';
import { createImageSender, type ImageSender } from '../../src/native/image-sender.ts';
import { makeFolder } from './folder.ts';

export const MTIME = Date.UTC(2026, 0, 2, 3, 4, 5);
export const DATE = 'Fri, 02 Jan 2026 03:04:05 GMT';
export const MIB = 1024 * 1024;

export interface Setup {
  readonly port: number;
  readonly server: Server;
  readonly image: string;
  readonly cache: ChunkCache;
  /** What became of each request, in order of their ends. */
  readonly sent: readonly (Sent | Error)[];
  readonly nextSent: () => Promise<Sent | Error>;
  readonly descriptors: () => number;
}

let sender: ImageSender | undefined;

/** A sender that has started. */
export async function startSender(most = 256): Promise<ImageSender> {
  const execArgv = ['--import', import.meta.resolve('tsx')];
  const started = createImageSender({ on: true, most, after: Promise.resolve(), execArgv, log: SILENT });
  await started.start();
  await started.settled();
  expect(started.why()).toBeUndefined();
  return started;
}

/** The same tests for each way in which an image is sent. */
export function eachWay(tests: (native: boolean) => void): void {
  describe('through Node', () => {
    tests(false);
  });
  describe('by sendfile', () => {
    beforeAll(async () => {
      sender = await startSender();
    }, 60_000);
    afterAll(async () => {
      await sender?.stop(new AbortController().signal);
      sender = undefined;
    });
    tests(true);
  });
}

/** A server that sends one image to everybody. */
export async function setup(
  content: string | Buffer,
  extras: SendExtras = {},
  cacheBytes = 8 * MIB,
  create: (listener: RequestListener) => Server = createServer,
): Promise<Setup> {
  const dir = makeFolder({ 'images/image': content });
  const image = join(dir, 'images/image');
  utimesSync(image, MTIME / 1000, MTIME / 1000);
  const cache = new ChunkCache(cacheBytes);
  const imageStore = openImageStore(await openDataRoot(dir), cache);
  const sent: (Sent | Error)[] = [];
  let tell: () => void = () => undefined;
  const server = create((req, res) => {
    imageStore
      .open('image')
      .then((file) => sendFile(req, res, file, { sender, ...extras }))
      .catch((error: unknown) => {
        if (!res.headersSent) res.writeHead(503).end();
        return error instanceof Error ? error : new TypeError('not an error');
      })
      .then((outcome) => {
        sent.push(outcome);
        tell();
      })
      .catch((error: unknown) => {
        expect.fail(String(error));
      });
  });
  // A connection that is not cut stays open, and a test that waits for its end fails.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  let heard = 0;
  return {
    port: (server.address() as AddressInfo).port,
    server,
    image,
    cache,
    sent,
    async nextSent() {
      while (sent.length <= heard) await new Promise<void>((resolve) => (tell = resolve));
      heard += 1;
      return sent[heard - 1] as Sent | Error;
    },
    descriptors: () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(dir)).length,
  };
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

export interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function ask(port: number, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers, method, agent: false }, (res) => {
      const parts: Buffer[] = [];
      res.on('data', (part: Buffer) => parts.push(part));
      res.on('error', reject);
      res.on('end', () => {
        resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Sends a request and reads no byte of the answer beyond its beginning. */
export async function stalled(port: number, head = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${head}\r\n`);
  await once(socket, 'readable');
  return socket;
}

/** Every KiB says where it is from. */
export function numbered(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 1024) buffer.writeUInt32BE(at, at);
  return buffer;
}
