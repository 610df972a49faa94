import { setPriority } from 'node:os';
import { inspect } from 'node:util';
import { run } from './cli/cli.ts';
import { parentChannel } from './cli/command.ts';
import { isConfirmed, readSecret } from './cli/secret-input.ts';

// The first signal asks to stop, the second one forces it.
const stop = new AbortController();
const force = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    (stop.signal.aborted ? force : stop).abort();
  });
}

// A reader that leaves (`| head`) ends the work; only an error that is not that is a failure.
let unwritten = false as boolean;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    unwritten ||= code !== 'EPIPE';
    stop.abort();
  });
}

async function main(): Promise<void> {
  const code = await run(process.argv.slice(2), {
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    stop: stop.signal,
    force: force.signal,
    self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    parent: () => parentChannel(process),
    faults: process,
    secret: (what) => readSecret(process.stdin, process.stderr, what),
    ...(process.stdin.isTTY && process.stderr.isTTY
      ? { confirm: (question: string) => isConfirmed(process.stdin, process.stderr, question) }
      : {}),
    stepBack: () => {
      setPriority(10);
    },
  });
  process.exitCode = unwritten && code === 0 ? 1 : code;
}

main().catch((error: unknown) => {
  process.stderr.write(`${inspect(error)}\n`);
  process.exit(1);
});
