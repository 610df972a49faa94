import type { DataRoot } from '../files/data-root.ts';
import type { Rollouts } from '../model/rollout.ts';
import { changeRollouts } from './rollout-file.ts';

type Change = (rollouts: Rollouts) => Rollouts;

interface Waiting {
  readonly change: Change;
  readonly done: (rollouts: Rollouts) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * All that is to be changed by now goes into one write: a rack that boots notes a hundred machines at a time. `onWritten` is
 * told what the file says, before those who wait are.
 */
export function createRolloutQueue(files: DataRoot, onWritten: (rollouts: Rollouts) => void) {
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      let refused = new Map<Waiting, unknown>();
      try {
        const after = await changeRollouts(files, (before) => {
          refused = new Map();
          return batch.reduce((all, one) => tried(one, all, refused), before);
        });
        onWritten(after);
        for (const one of batch) {
          if (refused.has(one)) one.failed(refused.get(one));
          else one.done(after);
        }
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    // With the last look at what waits, and not a moment later: what comes in between would wait for ever.
    working = undefined;
  }

  return {
    /** Resolves when it is on the disk. Rejects with what the change throws, or with why it cannot be written. */
    async change(work: Change): Promise<Rollouts> {
      const mine = new Promise<Rollouts>((done, failed) => waiting.push({ change: work, done, failed }));
      working ??= write();
      return await mine;
    },
    async idle(): Promise<void> {
      await working;
    },
  };
}

/** What one of them refuses keeps no other from being written. */
function tried(one: Waiting, all: Rollouts, refused: Map<Waiting, unknown>): Rollouts {
  try {
    return one.change(all);
  } catch (error) {
    refused.set(one, error);
    return all;
  }
}
