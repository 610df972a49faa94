import { Worker } from 'node:worker_threads';
import { Failure, type FailureCode } from '../model/failure.ts';
import { threadFile } from '../model/service.ts';
import type { Channel, DatabaseOptions, Request } from './database.ts';
import { DatabaseFailure, type FailureKind } from './database-failure.ts';

/**
 * A channel to a thread (worker.ts): nothing that SQLite does can make an answer wait. A thread that ends by itself is
 * started anew with the next question.
 */
export function openThread(options: DatabaseOptions, execArgv?: readonly string[]): Channel {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let count = 0;

  function start(): Worker {
    // Without `execArgv` Node hands on its own options; handed on by us, some (--max-old-space-size) are refused.
    const begun = new Worker(WORKER, {
      workerData: options,
      name: 'journal',
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    begun.on('message', settle);
    begun.on('error', (error) => {
      lose(begun, error.message, error);
    });
    begun.on('exit', (code) => {
      lose(begun, `exit code ${code}`);
    });
    return begun;
  }

  function settle(reply: Reply): void {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker?.unref();
    if (reply.error === undefined) asked?.resolve(reply.value);
    else asked?.reject(unpackError(reply.error));
  }

  function lose(which: Worker, why: string, cause?: unknown): void {
    if (worker !== which) return;
    worker = undefined;
    const failure = new DatabaseFailure('unusable', `the journal's thread ended by itself: ${why}`, cause);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  }

  async function ask(request: Request, ...args: readonly unknown[]): Promise<unknown> {
    worker ??= start();
    worker.ref();
    count += 1;
    const question: Question = { id: count, request, args };
    worker.postMessage(question);
    return await new Promise((resolve, reject) => waiting.set(question.id, { resolve, reject }));
  }

  return {
    call: ask as Channel['call'],
    async end(force) {
      if (worker === undefined) return;
      const ending = worker;
      const cut = (): void => {
        lose(ending, 'it was cut off');
      };
      force.addEventListener('abort', cut);
      if (!force.aborted) await ask('close').catch(() => undefined);
      force.removeEventListener('abort', cut);
      worker = undefined;
      await ending.terminate();
    },
  };
}

const WORKER = threadFile(import.meta.url, 'worker');

export interface Question {
  readonly id: number;
  readonly request: Request;
  readonly args: readonly unknown[];
}

export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: PackedError;
}

/** Errors lose their class between threads. */
interface PackedError {
  readonly kind?: FailureKind;
  readonly code?: FailureCode;
  readonly remedy?: string;
  readonly message: string;
  readonly stack?: string;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { message: String(error) };
  if (!(error instanceof Failure)) return { message: `${error.name}: ${error.message}`, stack: error.stack };
  const { code, remedy, message } = error;
  return { kind: error instanceof DatabaseFailure ? error.kind : undefined, code, remedy, message };
}

export function unpackError({ kind, code, remedy, message, stack }: PackedError): Error {
  if (kind !== undefined) return new DatabaseFailure(kind, message);
  if (code !== undefined) return new Failure(code, message, { remedy });
  const mistake = new TypeError(message);
  if (stack !== undefined) mistake.stack = stack;
  return mistake;
}
