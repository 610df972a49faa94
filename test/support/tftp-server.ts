import type { Log } from '../../src/model/service.ts';
import { createTftpServer, type TftpDeps, type TftpServer, type TftpSettings } from '../../src/tftp/server.ts';
import type { TftpSource } from '../../src/tftp/source.ts';

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

/** A running TFTP server on 127.0.0.1 and a free port. */
export async function serveTftp(
  source: TftpSource,
  settings: Partial<TftpSettings> = {},
  deps: Partial<TftpDeps> = {},
): Promise<Served> {
  const log = keepingLog();
  const listening = createTftpServer({ host: '127.0.0.1', port: 0, ...settings }, { source, log, ...deps });
  await listening.start();
  const port = listening.listening()[0]?.port ?? 0;
  return { listening, port, log, stop: async () => listening.stop(AbortSignal.abort()) };
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
