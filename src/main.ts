#!/usr/bin/env node
import { setPriority } from 'node:os';
import { run } from './cli/cli.ts';
import { parentChannel } from './cli/parent-channel.ts';

// The first signal asks to stop, the second one forces it.
const stop = new AbortController();
const force = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    (stop.signal.aborted ? force : stop).abort();
  });
}

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  stop: stop.signal,
  force: force.signal,
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  parent: () => parentChannel(process),
  faults: process,
  stepBack: () => {
    setPriority(10);
  },
});
