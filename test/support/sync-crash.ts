import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { env, kill, pid } from 'node:process';

// The real command line in a process of its own, which is killed at a chosen operation on the file system as a power
// cut does. CRASH holds: operation (fs.rename, sync.renameSync, handle.write), which call of it, before or after, what its path contains.

const [operation = '', count = '1', when = 'before', path = ''] = (env['CRASH'] ?? '').split(' ');
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

function deadlySync(original: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return (...args) => {
    const isMeant = args.some((arg) => typeof arg === 'string' && arg.includes(path)) && (calls += 1) === Number(count);
    if (isMeant && when === 'before') kill(pid, 'SIGKILL');
    const result = original(...args);
    if (isMeant && when === 'after') kill(pid, 'SIGKILL');
    return result;
  };
}

const [kind, name = ''] = operation.split('.');
const functions =
  kind === 'handle'
    ? await (async () => {
        const handle = await fs.promises.open('/dev/null', 'r');
        await handle.close();
        return Object.getPrototypeOf(handle) as Record<string, Operation>;
      })()
    : (fs.promises as unknown as Record<string, Operation>);
const original = functions[name];
if (kind === 'sync') Object.assign(fs, { [name]: deadlySync(fs[name as 'renameSync'] as () => unknown) });
else if (original !== undefined) functions[name] = deadly(original);
syncBuiltinESMExports();

// After the functions were replaced: imports bind to what is there then.
await import('../../src/main.ts');
