import { Worker } from 'node:worker_threads';
import { wake } from '../native/epoll.ts';
import { type Libc, loadLibc } from '../native/libc.ts';
import { Failure } from '../model/failure.ts';
import { listener, type Log, threadFile } from '../model/service.ts';
import type { Endpoint } from '../net/udp-socket.ts';
import type { OptionLimits, TftpRequest } from './packet.ts';
import type { SessionEnd } from './session.ts';
import type { RunningTransfer, TransferJob } from './socket-transfer.ts';

/**
 * A thread that does nothing but send files (worker.ts): it waits by epoll and calls libc, which is twice to five times as
 * fast as dgram. This thread decides what is sent to whom, and lends it the file.
 */
export interface TransferThread {
  /** Undefined where the thread cannot carry it, or not yet: then it goes over dgram. */
  carry(job: TransferJob): RunningTransfer | undefined;
  /** Resolves when it carries transfers, to true; to false where libc cannot be called. It is called by the first `carry`, too. */
  start(): Promise<boolean>;
  /** What runs is cut. */
  close(): Promise<void>;
}

/** To the thread. `end` ends it when nothing runs any more. */
export type Order =
  | {
      readonly kind: 'begin';
      readonly id: number;
      readonly request: TftpRequest;
      readonly size: number;
      /** Ours: it stays open until the transfer has ended. */
      readonly descriptor: number;
      readonly client: Endpoint;
      readonly server: string;
      readonly limits: OptionLimits;
    }
  | { readonly kind: 'again' | 'stop' | 'giveWay' | 'drop'; readonly id: number }
  | { readonly kind: 'end' };

/** From the thread. `unable`: the transfer had no beginning, and may be tried in another way. */
export type Report =
  | { readonly kind: 'ready'; readonly wakeFd: number }
  | { readonly kind: 'acknowledged'; readonly id: number }
  | { readonly kind: 'ended'; readonly id: number; readonly end: SessionEnd }
  | { readonly kind: 'failed'; readonly id: number; readonly cause: unknown };

interface Carried {
  readonly job: TransferJob;
  over: boolean;
}

/** `execArgv`: how the thread is started, when not as this process was. */
export function createTransferThread(log: Log, execArgv?: readonly string[]): TransferThread {
  const carried = new Map<number, Carried>();
  let count = 0;
  let starting: Promise<boolean> | undefined;
  let running: { readonly worker: Worker; readonly libc: Libc; readonly wakeFd: number } | undefined;

  async function begin(): Promise<boolean> {
    const native = await loadLibc();
    if ('why' in native) return false;
    const { libc } = native;
    const worker = new Worker(threadFile(import.meta.url, 'worker'), {
      name: 'tftp',
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    return await new Promise((resolve) => {
      const onMessage = listener(log, 'tftp', (report: Report) => {
        if (report.kind !== 'ready') {
          onReport(report);
          return;
        }
        running = { worker, libc, wakeFd: report.wakeFd };
        // From here on it keeps no process alive by itself.
        worker.unref();
        resolve(true);
      });
      worker.on('message', onMessage);
      worker.on('error', (cause) => {
        log.error({ cause }, 'tftp: the thread that sends files failed; another one is begun');
      });
      worker.on('exit', () => {
        if (running?.worker === worker) running = undefined;
        starting = undefined;
        const cut = listener(log, 'tftp', (id: number) => {
          const cause = new Failure('unavailable', 'its thread ended');
          onReport({ kind: 'ended', id, end: { kind: 'unreadable', cause } });
        });
        for (const id of [...carried.keys()]) cut(id);
        resolve(false);
      });
    });
  }

  async function begun(): Promise<boolean> {
    try {
      return await begin();
    } catch (cause) {
      log.warn({ cause }, 'tftp: files are sent over dgram, no thread can be begun');
      return false;
    }
  }

  function order(message: Order): void {
    if (running === undefined) return;
    running.worker.postMessage(message);
    wake(running.libc, running.wakeFd);
  }

  function onReport(report: Exclude<Report, { kind: 'ready' }>): void {
    const transfer = carried.get(report.id);
    if (transfer === undefined) return;
    const { job } = transfer;
    if (report.kind === 'acknowledged') {
      if (!transfer.over) job.acknowledged();
      return;
    }
    carried.delete(report.id);
    closeContent(job);
    if (transfer.over) return;
    transfer.over = true;
    if (report.kind === 'ended') job.ended(report.end);
    else job.failed(report.cause);
  }

  return {
    start: () => (starting ??= begun()),
    carry(job) {
      const { descriptor, size } = job.content;
      if (running === undefined) void (starting ??= begun());
      if (running === undefined || descriptor === undefined) return undefined;
      count += 1;
      const id = count;
      const transfer: Carried = { job, over: false };
      const endBy = (kind: 'stop' | 'giveWay' | 'drop', end: SessionEnd) => (): void => {
        if (transfer.over) return;
        transfer.over = true;
        if (carried.has(id)) order({ kind, id });
        else closeContent(job);
        job.ended(end);
      };
      return {
        // The thread has a clock of its own.
        wakeAt: Infinity,
        begin() {
          carried.set(id, transfer);
          const { request, client, server, limits } = job;
          order({ ...{ kind: 'begin', id, request, size, descriptor, server, limits }, client: { ...client } });
        },
        tick: nothing,
        receive: nothing,
        again() {
          order({ kind: 'again', id });
        },
        stop: endBy('stop', { kind: 'stopped' }),
        giveWay: endBy('giveWay', { kind: 'displaced' }),
        drop: endBy('drop', { kind: 'vanished', proven: true }),
        close: nothing,
      };
    },
    async close() {
      await starting;
      if (running === undefined) return;
      const { worker } = running;
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      order({ kind: 'end' });
      // It closes what it is woken by, and another file may get that number.
      running = undefined;
      await gone;
    },
  };
}

/** The transfer is over: a file that cannot be closed is the source's affair. */
function closeContent({ content }: TransferJob): void {
  content.close().catch(nothing);
}

function nothing(): void {
  // The thread does it.
}
