import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Backend } from './backend.ts';
import type { HostOptions } from './host.ts';
import { unpackError, type Question, type Reply } from './protocol.ts';
import { Trouble } from './trouble.ts';

/**
 * From its source, as developers and tests run it: Node 20 loads TypeScript only through hooks, and those of a preloaded
 * module reach a thread for require() alone. Compiled there is nothing to it.
 */
const WORKER = import.meta.url.endsWith('.ts')
  ? required(new URL('./worker.ts', import.meta.url))
  : new URL('./worker.js', import.meta.url);

function required(file: URL): URL {
  const name = JSON.stringify(file);
  const program = `import { createRequire } from 'node:module'; createRequire(${name})(${JSON.stringify(fileURLToPath(file))});`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The database on a thread of its own: nothing that it does can make an answer wait. A thread that ends by itself is
 * started anew with the next question.
 */
export function openThread(options: Omit<HostOptions, 'load'>, execArgv?: readonly string[]): Backend {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let count = 0;

  function start(): Worker {
    // Not told: Node hands on its own, which may hold options (--max-old-space-size) that must not be told to a thread.
    const own = execArgv === undefined ? {} : { execArgv: [...execArgv] };
    const begun = new Worker(WORKER, { workerData: options, name: 'journal', ...own });
    begun.on('message', hear);
    begun.on('error', (error) => {
      lose(begun, error);
    });
    begun.on('exit', (code) => {
      lose(begun, `exit code ${code}`);
    });
    return begun;
  }

  function hear(reply: Reply): void {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker?.unref();
    if ('problem' in reply) asked?.reject(unpackError(reply.problem));
    else asked?.resolve(reply.value);
  }

  function lose(which: Worker, cause: unknown): void {
    if (worker !== which) return;
    worker = undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    const trouble = new Trouble('unusable', `the journal's thread ended by itself: ${why}`, cause);
    for (const { reject } of waiting.values()) reject(trouble);
    waiting.clear();
  }

  async function ask(request: Question['request'], args: readonly unknown[]): Promise<unknown> {
    worker ??= start();
    const asked = worker;
    asked.ref();
    count += 1;
    const id = count;
    return await new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      asked.postMessage({ id, request, args } satisfies Question);
    });
  }

  return {
    call: async (request, ...args) => (await ask(request, args)) as never,
    async end(force) {
      if (worker === undefined) return;
      const ending = worker;
      const cut = (): void => {
        lose(ending, 'it was cut off');
      };
      force.addEventListener('abort', cut);
      if (!force.aborted) await ask('close', []).catch(() => undefined);
      force.removeEventListener('abort', cut);
      worker = undefined;
      await ending.terminate();
    },
  };
}
