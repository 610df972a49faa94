// The programs that a bench starts: the built server and its peers, each with an account of its CPU time.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openCpuAccount } from './cpu.ts';
import { top } from './harness.ts';
import { profileWords } from './profile.ts';

export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  readonly startedIn: number;
  /** CPU seconds of the program and its children so far. */
  cpu(): number;
}

export interface HttpServer extends Running {
  readonly url: string;
}

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A network namespace to run in. */
  readonly namespace?: string | undefined;
  /** Asked until it says yes. */
  readonly ready: () => Promise<boolean>;
}

/** Starts a program and waits until it answers. */
export async function startProgram(
  command: string,
  args: readonly string[],
  { env, cwd, namespace, ready }: ProgramOptions,
): Promise<Running> {
  const account = openCpuAccount();
  const [program, words] = account.wrap(
    ...(namespace === undefined
      ? ([command, args] as const)
      : (['ip', ['netns', 'exec', namespace, command, ...args]] as const)),
  );
  const began = performance.now();
  const child = spawn(program, [...words], {
    env: { PATH: process.env['PATH'], ...env },
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    await ended(child);
    account.close();
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}:\n${said}`);
    if (await ready()) break;
    if (performance.now() - began > 30_000) {
      await stop();
      throw new Error(`${command} does not answer:\n${said}`);
    }
    await wait(3);
  }
  const startedIn = performance.now() - began;
  return { pid, startedIn, cpu: () => account.seconds(pid), [Symbol.asyncDispose]: stop };
}

/** One that serves HTTP on a port of the loopback. */
export async function startHttp(
  command: string,
  args: readonly string[],
  options: { readonly port: number; readonly path?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<HttpServer> {
  const url = `http://127.0.0.1:${options.port}`;
  const { env = {} } = options;
  const running = await startProgram(command, args, { env, ready: async () => answers(url + (options.path ?? '/')) });
  return { ...running, url };
}

/** The built server on a data directory, everything but HTTP off; the journal is on. */
export async function startPilotlight(dir: string, env: NodeJS.ProcessEnv = {}): Promise<HttpServer> {
  buildServer();
  const port = await freePort();
  return await startHttp(process.execPath, [...profileWords(), join(top, 'dist', 'main.js'), 'serve'], {
    port,
    path: '/healthz',
    env: {
      PILOTLIGHT_DATA_DIR: dir,
      PILOTLIGHT_HTTP_LISTEN: `127.0.0.1:${port}`,
      PILOTLIGHT_TFTP_LISTEN: 'off',
      PILOTLIGHT_SYNC: 'off',
      ...env,
    },
  });
}

export function buildServer(): void {
  execFileSync(process.execPath, [join(top, 'scripts', 'build.mjs'), '--if-needed']);
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exit;
  clearTimeout(cut);
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

/** Resident memory in MiB; `peak` since the process began. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** Descriptors that a process has open. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
