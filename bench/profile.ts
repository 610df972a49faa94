// With --profile a bench also says where the server's processor time went: V8's sampling profiler in every thread.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { top } from './harness.ts';

const FOLDER = join(top, 'bench', 'results', 'profiles');
const IS_ON = process.argv.includes('--profile');
const MOST = 8;
/** What V8 calls a thread that waits in libc. */
const WAITING = ['(program)', 'wait'];

/** What Node is told before the server's own words. It costs some per cent: figures and profiles come from two runs. */
export function profileWords(): readonly string[] {
  return IS_ON ? ['--cpu-prof', `--cpu-prof-dir=${FOLDER}`] : [];
}

export function clearProfiles(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Each thread that was busy for a second and more: the functions that it was in, by their own time. */
export function printProfiles(): void {
  if (!IS_ON) return;
  for (const file of readdirSync(FOLDER).sort()) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Profile;
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    const own = new Map<string, number>();
    for (const [at, id] of samples.entries()) {
      const name = names.get(id) ?? '';
      own.set(name, (own.get(name) ?? 0) + (timeDeltas[at] ?? 0));
    }
    own.delete('(idle)');
    const busy = [...own.values()].reduce((a, b) => a + b, 0);
    // A thread that waits in libc looks busy to V8: of such a one it can tell nothing.
    if (busy < 1e6 || WAITING.some((name) => (own.get(name) ?? 0) > 0.9 * busy)) continue;
    console.log(`  ${file}: busy for ${(busy / 1e6).toFixed(1)} s`);
    for (const [name, time] of [...own].toSorted((a, b) => b[1] - a[1]).slice(0, MOST))
      console.log(`    ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`);
  }
}

/** Node's own functions by their module: alone each of them is little, and there are hundreds. */
function nameOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  if (url.startsWith('node:')) return `Node's ${url.slice('node:'.length)}`;
  return functionName === '' ? '(anonymous)' : functionName;
}
