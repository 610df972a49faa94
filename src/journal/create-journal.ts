import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Log } from '../model/service.ts';
import type { Durable } from './life.ts';
import { type Backend, type Question, type Reply, unpackError } from './protocol.ts';
import { Host, type HostOptions } from './host.ts';
import type { Journal } from './journal.ts';
import { type JournalTimes, LivingJournal } from './living-journal.ts';
import { Trouble } from './trouble.ts';
import type { UnlistedLimits } from './unlisted.ts';

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

export interface JournalOptions extends JournalTimes {
  /** Absolute: state/pilotlight.db. */
  readonly file: string;
  /** How long events are kept; the texts that machines were sent 30 days at most. */
  readonly days: number;
  readonly log: Log;
  /** How many machines that no profile names are kept. */
  readonly unlisted?: UnlistedLimits;
}

export interface ThreadOptions {
  /**
   * How the thread's Node is started, by default as this one. A process that runs TypeScript by other means than its
   * own options (vitest) says here what the thread needs for it.
   */
  readonly execArgv?: readonly string[];
}

/** What the journal says of the machines, and what other rooms keep durably in its database. */
export type DurableJournal = Journal & Durable;

/** The journal of a server: its database is on a thread of its own. Nothing happens before `start`. */
export function createJournal({
  file,
  days,
  log,
  unlisted,
  execArgv,
  ...times
}: JournalOptions & ThreadOptions): DurableJournal {
  return new LivingJournal(openThread(storeOptions({ file, days, unlisted }), execArgv), log, times);
}

/**
 * The journal of a process that has nobody to keep waiting: a command, or the sync. Open when this resolves, or off
 * with its reason in `status`. `stop` it at the end, or its last moment is not written.
 */
export async function openJournalDirectly({
  file,
  days,
  log,
  unlisted,
  ...times
}: JournalOptions): Promise<DurableJournal> {
  const journal = new LivingJournal(openInProcess(storeOptions({ file, days, unlisted })), log, times);
  await journal.start();
  await journal.opened();
  return journal;
}

function storeOptions({
  file,
  days,
  unlisted,
}: Pick<JournalOptions, 'file' | 'days'> & { unlisted: UnlistedLimits | undefined }): Omit<HostOptions, 'load'> {
  return { file, days, unlisted };
}

/** The database on the calling thread: for commands that look once, and for the sync in its own process. */
export function openInProcess(options: HostOptions): Backend {
  const host = new Host(options);
  // One after the other, as on a thread.
  let last: Promise<unknown> = Promise.resolve();
  return {
    call: (request, ...args) => {
      const answer = last.then(() => host.call(request, args));
      last = answer.catch(() => undefined);
      return answer;
    },
    async end() {
      await last;
      await host.call('close', []);
    },
  };
}
