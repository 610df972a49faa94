import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { argv, kill, pid } from 'node:process';

// One sync in a process of its own, which is killed at a chosen operation on the file system: not by asking the code
// to stop, but as a power cut does. Arguments: data directory, address of the upstream, pinned fingerprint, operation,
// which call of it, before or after, and what its path must contain.

const [, , dir = '', mirror = '', pinned = '', operation = '', count = '1', when = 'before', path = ''] = argv;
let calls = 0;

type Operation = (this: unknown, ...args: unknown[]) => Promise<unknown>;

function deadly(original: Operation): Operation {
  return async function (this: unknown, ...args) {
    if (path !== '' && !args.some((arg) => typeof arg === 'string' && arg.includes(path)))
      return original.apply(this, args);
    calls += 1;
    const now = calls === Number(count);
    if (now && when === 'before') kill(pid, 'SIGKILL');
    const result = await original.apply(this, args);
    if (now && when === 'after') kill(pid, 'SIGKILL');
    return result;
  };
}

const [kind, name = ''] = operation.split('.');
if (kind === 'handle') {
  const handle = await fs.promises.open(dir, 'r');
  const prototype = Object.getPrototypeOf(handle) as Record<string, Operation>;
  await handle.close();
  const original = prototype[name];
  if (original !== undefined) prototype[name] = deadly(original);
} else {
  const functions = fs.promises as unknown as Record<string, Operation>;
  const original = functions[name];
  if (original !== undefined) functions[name] = deadly(original);
  syncBuiltinESMExports();
}

// After the functions were replaced: imports bind to what is there then.
const { runOnce } = await import('./upstream-run.ts');
await runOnce(dir, mirror, pinned);
