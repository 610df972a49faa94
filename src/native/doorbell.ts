import { Worker } from 'node:worker_threads';
import { listener, type Log, threadFile } from '../model/service.ts';
import { Epoll, ONCE, openWakeFd, READABLE, wake } from './epoll.ts';
import type { Libc } from './libc.ts';

/**
 * Tells when descriptors can be read: Node's event loop waits for none that it did not open. A thread waits for them, and
 * rings; what is there is read here, without a copy on the way. It keeps the process alive until it is closed.
 */
export interface Doorbell {
  /** Rings once; then not before `again`. */
  watch(fd: number, onReady: () => void): { again(): void; close(): void };
  close(): Promise<void>;
}

/** To the thread. */
export interface DoorbellData {
  readonly epollFd: number;
  readonly wakeFd: number;
}

const RETRY_MS = 1000;

/** What the thread says first. */
export const READY = 0;

/** Undefined where its thread cannot be started. `execArgv`: how it is started, when not as this process was. */
export async function openDoorbell(libc: Libc, log: Log, execArgv?: readonly string[]): Promise<Doorbell | undefined> {
  const wakeFd = openWakeFd(libc);
  const epoll = new Epoll(libc, wakeFd);
  const watched = new Map<number, { readonly fd: number; readonly onReady: () => void }>();
  const data: DoorbellData = { epollFd: epoll.fd, wakeFd };
  let count = READY;
  let usable = false as boolean;
  let retry: NodeJS.Timeout | undefined;
  let gone = Promise.resolve();

  /** Resolves to whether it waits now. */
  async function begin(): Promise<boolean> {
    const worker = new Worker(threadFile(import.meta.url, 'doorbell-thread'), {
      ...{ workerData: data, name: 'doorbell' },
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    worker.on('error', (cause) => {
      log.warn({ cause }, 'the thread that waits for packets failed');
    });
    return await new Promise((resolve) => {
      const onRing = listener(log, 'doorbell', (id: number) => {
        if (id === READY) resolve(true);
        else watched.get(id)?.onReady();
      });
      worker.on('message', onRing);
      gone = new Promise((ended) => {
        worker.once('exit', () => {
          resolve(false);
          if (usable) retry = setTimeout(listener(log, 'doorbell', beginAgain), RETRY_MS);
          ended();
        });
      });
    });
  }

  function free(): void {
    epoll.close();
    libc.close(wakeFd);
  }

  /** What it rang for may not have been heard. */
  function beginAgain(): void {
    begin().catch((cause: unknown) => {
      log.error({ cause }, 'the thread that waits for packets cannot be begun again: restart the server');
    });
    for (const [id, { fd }] of watched) epoll.change(fd, READABLE | ONCE, id);
  }

  usable = await begin().catch(() => false);
  if (!usable) {
    await gone;
    free();
    return undefined;
  }
  return {
    watch(fd, onReady) {
      count += 1;
      const id = count;
      watched.set(id, { fd, onReady });
      epoll.add(fd, READABLE | ONCE, id);
      return {
        again() {
          if (watched.has(id)) epoll.change(fd, READABLE | ONCE, id);
        },
        close() {
          watched.delete(id);
          epoll.remove(fd);
        },
      };
    },
    async close() {
      usable = false;
      clearTimeout(retry);
      wake(libc, wakeFd);
      await gone;
      free();
    },
  };
}
