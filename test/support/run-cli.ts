import { run } from '../../src/cli/cli.ts';
import type { CliContext } from '../../src/cli/command.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line, in this process, with no other environment than this. */
export async function runCli(
  argv: readonly string[],
  cwd = '/nonexistent',
  env = {},
  more: Pick<CliContext, 'confirm' | 'secret'> = {},
): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    env,
    cwd,
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    stop: new AbortController().signal,
    force: new AbortController().signal,
    ...more,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}
