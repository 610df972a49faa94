import { Failure, failureLine } from '../model/failure.ts';
import type { Locked } from '../model/sync-event.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { acquireLock } from '../files/lock.ts';

/** Does something that only one process may do on a data directory, or says who is doing it and since when. */
export async function underLock<T>(root: DataRoot, what: string, work: () => Promise<T>): Promise<Locked<T>> {
  await makeFolder(root, 'state');
  let lock;
  try {
    lock = await acquireLock(root.path('state/sync.lock'), what);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'conflict') throw error;
    return { kind: 'busy', message: failureLine(error) };
  }
  try {
    return { kind: 'done', value: await work() };
  } finally {
    await lock.release();
  }
}
