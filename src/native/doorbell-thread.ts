// The thread that waits until packets can be read, and says so. It never comes back to Node's event loop.
import { parentPort, workerData } from 'node:worker_threads';
import { type DoorbellData, READY } from './doorbell.ts';
import { Epoll } from './epoll.ts';
import { loadLibc } from './libc.ts';

/** How late a process may end that does not say so before. */
const IDLE_MS = 1000;

async function main(): Promise<void> {
  const native = await loadLibc();
  if (parentPort === null || 'why' in native) return;
  const port = parentPort;
  const { epollFd, wakeFd } = workerData as DoorbellData;
  const epoll = new Epoll(native.libc, wakeFd, epollFd);
  const ring = (id: number): void => {
    port.postMessage(id);
  };
  ring(READY);
  while (!epoll.wait(IDLE_MS, ring));
  port.close();
}

main().catch((error: unknown) => {
  // It becomes the thread's `error`.
  setImmediate(() => {
    throw error;
  });
});
