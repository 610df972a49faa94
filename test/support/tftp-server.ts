import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { Log } from '../../src/model/service.ts';
import { createTftpServer, type TftpDeps, type TftpServer, type TftpSettings } from '../../src/tftp/server.ts';
import type { TftpFile, TftpSource } from '../../src/tftp/source.ts';
import { createTransferThread, type TransferThread } from '../../src/tftp/thread.ts';
import { RawClient } from './tftp-client.ts';
import { folderSource } from './tftp-files.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines. */
export function keepingLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']): Log['info'] =>
    (fields, message) => {
      lines.push({ level, fields, message });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export interface Served {
  readonly listening: TftpServer;
  readonly port: number;
  readonly log: ReturnType<typeof keepingLog>;
  stop(): Promise<void>;
}

/** With it on, tests of TFTP send their files from the thread that calls libc, and those of DHCP hear by its sockets. */
export const NATIVE = process.env['PILOTLIGHT_TEST_NATIVE'] === 'on';

/** How threads of the sources are started. */
export const THREADS = ['--import', import.meta.resolve('tsx')];

/** A thread that carries transfers from now on; undefined where libc cannot be called. */
export async function startedThread(log: Log): Promise<TransferThread | undefined> {
  const thread = createTransferThread(log, THREADS);
  return (await thread.start()) ? thread : undefined;
}

/** A running TFTP server on 127.0.0.1 and a free port. */
export async function serveTftp(
  source: TftpSource,
  settings: Partial<TftpSettings> = {},
  deps: Partial<TftpDeps> = {},
): Promise<Served> {
  const log = keepingLog();
  const thread = deps.thread ?? (NATIVE ? await startedThread(log) : undefined);
  const listening = createTftpServer(
    { host: '127.0.0.1', port: 0, ...settings },
    { source: thread === undefined ? source : withDescriptors(source), log, ...deps, ...(thread && { thread }) },
  );
  await listening.start();
  const port = listening.listening()[0]?.port ?? 0;
  return { listening, port, log, stop: async () => listening.stop(AbortSignal.abort()) };
}

/** For the tests of one file: a folder with a file `f<size>` of each size, a server over it, and clients that end with the test. */
export function tftpTests(sizes: readonly number[]) {
  const folder = mkdtempSync(join(tmpdir(), 'tftp-'));
  for (const size of sizes) writeFileSync(join(folder, `f${size}`), content(size));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  /** Over the folder, where no source is given. */
  const serve = async (source?: TftpSource, ...more: [Partial<TftpSettings>?, Partial<TftpDeps>?]): Promise<Served> => {
    const served = await serveTftp(source ?? folderSource(folder), ...more);
    onTestFinished(async () => served.stop());
    return served;
  };
  const client = async (address?: string, port?: number): Promise<RawClient> => {
    const raw = await RawClient.open(address, port);
    onTestFinished(() => {
      raw.close();
    });
    return raw;
  };
  return { folder, serve, client };
}

/** What a source has in its memory lies in files that have no name. */
function withDescriptors(source: TftpSource): TftpSource {
  return {
    async open(ask) {
      const content = await source.open(ask);
      if (content === undefined || content.descriptor !== undefined) return content;
      const bytes = content.read(0, content.size);
      if (!(bytes instanceof Promise)) return inFile(content, bytes);
      bytes.catch(() => undefined);
      return content;
    },
  };
}

function inFile(content: TftpFile, bytes: Uint8Array): TftpFile {
  const path = join(tmpdir(), `tftp-${process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, bytes);
  const descriptor = openSync(path, 'r');
  rmSync(path);
  return {
    ...{ size: content.size, descriptor },
    read: (offset, length) => content.read(offset, length),
    async close() {
      closeSync(descriptor);
      await content.close();
    },
  };
}

/** Resolves when the condition holds; the test's own time limit is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The same bytes for the same size, none of them in a pattern that divides a block. */
export function content(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 167 + (i >>> 8) * 31 + (i >>> 16)) & 0xff;
  return bytes;
}
