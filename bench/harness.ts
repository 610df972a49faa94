// What every bench shares: the built server as a child, a table for people, JSON for programs (bench/results/, outside git).
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const top = join(import.meta.dirname, '..');

/** One line of the table. `goal` is what the figure is held against: `>= 3` or `<= 150`. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: `>= ${number}` | `<= ${number}`;
}

/** What one measurement took: units (gigabytes, scripts, answers) and seconds. */
export interface Run {
  readonly units: number;
  readonly seconds: number;
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

export interface WrkOptions {
  readonly seconds?: number;
  /** A Lua file that makes the requests. */
  readonly script?: string;
  /** Default 64. */
  readonly connections?: number;
}

/** Answers that wrk got. One thread asks, so that one core is left to the server. */
export function wrk(url: string, { seconds = 4, script, connections = 64 }: WrkOptions = {}): Run {
  const lua = script === undefined ? [] : ['-s', script];
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, ...lua, url];
  const out = execFileSync('wrk', args, { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(`wrk met errors:\n${out}`);
  const [, units = NaN, took = NaN] = /(\d+) requests in ([\d.]+)s/.exec(out) ?? [];
  return { units: Number(units), seconds: Number(took) };
}
