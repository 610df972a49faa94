// What every bench shares: the built server as a child, a table for people, JSON for programs (bench/results/, outside git).
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

export const top = join(import.meta.dirname, '..');

/** One line of the table. `goal` is what the figure is held against: `>= 3` or `<= 150`. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: `>= ${number}` | `<= ${number}`;
}

export interface Bench {
  readonly name: string;
  /** Why it cannot run here, or undefined. */
  missing(): string | undefined;
  run(): Promise<readonly Figure[]>;
}

export function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function met({ value, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined;
  const limit = Number(goal.slice(3));
  return goal.startsWith('>=') ? value >= limit : value <= limit;
}

export function printTable(name: string, figures: readonly Figure[]): void {
  const rows = figures.map((figure) => {
    const verdict = met(figure);
    const goal = figure.goal === undefined ? '' : `${figure.goal} ${verdict === true ? 'met' : 'MISSED'}`;
    return [figure.what, `${shown(figure.value)} ${figure.unit}`, goal] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  console.log(`\n${name}`);
  for (const [what, value, goal] of rows) {
    console.log(`  ${what.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${goal}`.trimEnd());
  }
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

export function writeResults(results: Readonly<Record<string, readonly Figure[]>>): string {
  const file = join(top, 'bench', 'results', `${new Date().toISOString().replaceAll(':', '-')}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, load: loadavg(), node: process.version };
  writeFileSync(file, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  return file;
}

/** A data directory that goes when the bench is over. */
export function tempFolder(
  files: Readonly<Record<string, string | Buffer>> = {},
): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
  for (const folder of ['profiles', 'configs', 'images', 'sshkeys']) mkdirSync(join(dir, folder));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return {
    dir,
    [Symbol.dispose]: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
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

export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  readonly startedIn: number;
}

/** Starts a program that serves HTTP on `port` and waits for its first answer at `path`. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: { readonly port: number; readonly path?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Running> {
  const url = `http://127.0.0.1:${options.port}`;
  const began = performance.now();
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async () => {
    await ended(child);
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    if (await answers(url + (options.path ?? '/'))) break;
    if (performance.now() - began > 20_000) {
      await stop();
      throw new Error(`${command} does not answer`);
    }
    await wait(3);
  }
  return { url, pid: child.pid ?? 0, startedIn: performance.now() - began, [Symbol.asyncDispose]: stop };
}

/** The built server on a data directory, everything but HTTP off. */
export async function startPilotlight(dir: string, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  execFileSync(process.execPath, [join(top, 'scripts', 'build.mjs'), '--if-needed']);
  const port = await freePort();
  return await startProgram(process.execPath, [join(top, 'dist', 'main.js'), 'serve'], {
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

/** Resident memory in MiB; `peak` since the process began. */
export function memory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** Requests per second with wrk: 64 connections from one thread, so that one core is left to the server. */
/** Answers a second over 64 connections; `script` is a Lua file that makes the requests. */
export function wrk(url: string, { seconds = 4, script }: { seconds?: number; script?: string } = {}): number {
  const lua = script === undefined ? [] : ['-s', script];
  const out = execFileSync('wrk', ['-t1', '-c64', `-d${seconds}s`, ...lua, url], { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(`wrk met errors:\n${out}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? NaN);
}
