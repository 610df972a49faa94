import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { MAIN } from './built.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From its first word to its end: what loading the program costs is not counted. */
  readonly ms: number;
}

/** `pilotlight serve` in a process of its own, killed when the test is over. */
export interface Served {
  readonly child: ChildProcess;
  /** The port of HTTP, once it serves; fails when it ends before. */
  readonly port: Promise<number>;
  readonly ended: Promise<Ended>;
  /** Its log and what it said to the terminal, so far. */
  said(): string;
  /** The most memory that it ever held, in MiB. */
  peakMiB(): number;
}

export interface ServeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File descriptors that it may have. */
  readonly handles?: number;
  /** A shell line before it starts, in a mount namespace of its own (needs root). */
  readonly before?: string;
}

/** Starts what is built over a data directory, on a free port of the loopback unless `env` says another. */
export function serveChild(dir: string, { env = {}, cwd = dir, handles, before }: ServeOptions = {}): Served {
  const words = [process.execPath, MAIN, 'serve'];
  const limit = handles === undefined ? '' : `ulimit -n ${handles}; `;
  const start = ['sh', '-c', `${before === undefined ? '' : `${before} && `}${limit}exec "$@"`, 'sh', ...words];
  const [command = '', ...args] = before === undefined ? start : ['unshare', '--mount', ...start];
  const child = spawn(command, args, {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      PILOTLIGHT_DATA_DIR: dir,
      PILOTLIGHT_HTTP_LISTEN: '127.0.0.1:0',
      PILOTLIGHT_TFTP_LISTEN: 'off',
      PILOTLIGHT_SYNC: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const said: string[] = [];
  let first: number | undefined;
  const hear = (text: string): void => {
    first ??= performance.now();
    said.push(text);
  };
  const lines = createInterface({ input: child.stdout });
  lines.on('line', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    ms: performance.now() - (first ?? 0),
  }));
  const port = new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('"msg":"pilotlight serves"')) {
        resolve((JSON.parse(line) as { readonly http: { readonly port: number } }).http.port);
      }
    });
    lines.once('close', () => {
      reject(new Error(`it ended before it served: ${said.join('\n')}`));
    });
  });
  port.catch(() => undefined); // who does not wait for it waits for the end
  return {
    child,
    port,
    ended,
    said: () => said.join('\n'),
    peakMiB() {
      const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
    },
  };
}
