import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fleet } from './scripts.ts';
import { median, tempFolder, top, type Bench } from './harness.ts';
import { startPilotlight } from './programs.ts';

const ROUNDS = 7;

/** A server with its journal and two commands, beside a Node that does nothing, in turn. */
export const start: Bench = {
  name: 'start, 100 profiles',
  missing: () => undefined,
  async run() {
    using folder = tempFolder(fleet(100));
    const main = join(top, 'dist', 'main.js');
    const times = { serve: [] as number[], help: [] as number[], check: [] as number[], node: [] as number[] };
    // The first one makes the journal, the token and what sync keeps.
    await using first = await startPilotlight(folder.dir);
    await first[Symbol.asyncDispose]();
    for (let round = 0; round < ROUNDS; round += 1) {
      {
        await using server = await startPilotlight(folder.dir);
        times.serve.push(server.startedIn);
      }
      times.help.push(timeOf([main, '--help']));
      times.check.push(timeOf([main, 'check', '--data-dir', folder.dir]));
      times.node.push(timeOf(['-e', '0']));
    }
    const node = median(times.node);
    const figures = [
      { what: 'serve, from exec to the first answer', value: median(times.serve), goal: '<= 300' },
      { what: '--help', value: median(times.help), goal: '<= 250' },
      { what: 'check', value: median(times.check), goal: '<= 250' },
      { what: 'node -e 0', value: node },
    ] as const;
    return [
      ...figures.map((figure) => ({ ...figure, unit: 'ms' })),
      { what: 'serve / node -e 0', value: median(times.serve) / node, unit: 'x' },
    ];
  },
};

function timeOf(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${String(status)}: ${stderr.toString()}`);
  return performance.now() - began;
}
