import { Worker } from 'node:worker_threads';
import type { Backend } from './backend.ts';
import type { HostOptions } from './host.ts';
import { unpackError, type Question, type Reply } from './protocol.ts';
import { Trouble } from './trouble.ts';

/** Beside this file, compiled or not. A thread loads TypeScript only where its process does. */
const WORKER = import.meta.url.endsWith('.ts')
  ? new URL('./worker.ts', import.meta.url)
  : new URL('./worker.js', import.meta.url);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The database on a thread of its own: nothing that it does can make an answer wait. A thread that ends by itself is
 * started anew with the next question.
 */
export function openThread(options: Omit<HostOptions, 'load'>, execArgv: readonly string[]): Backend {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let count = 0;

  function start(): Worker {
    const begun = new Worker(WORKER, { workerData: options, execArgv: [...execArgv], name: 'journal' });
    // What waits for an answer keeps the process alive by other means: a server by its sockets, a command by its own wait.
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
