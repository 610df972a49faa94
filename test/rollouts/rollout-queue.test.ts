import { expect, it } from 'vitest';
import { readContext } from '../../src/context/app-context.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { readRollouts } from '../../src/rollouts/rollout-file.ts';
import { createRolloutQueue } from '../../src/rollouts/rollout-queue.ts';
import { settingsFor } from '../support/app-context.ts';
import { makeFolder } from '../support/folder.ts';

const ROLLOUT: Rollout = { from: '1.0', to: '2.0', state: 'running', stage: 0, begun: 1, since: 1, machines: {} };

it('what is asked for while the last write ends is written, too', async () => {
  const { files } = await readContext(settingsFor(makeFolder()));
  let later: Promise<unknown> | undefined;
  const queue = createRolloutQueue(files, () => {
    // A listener's promise goes on between the last look for work and the end of the writer.
    queueMicrotask(() => {
      later ??= queue.change((all) => new Map([...all, ['b', ROLLOUT]]));
    });
  });
  await queue.change((all) => new Map([...all, ['a', ROLLOUT]]));
  // Of the first writer, then of the one that it begins.
  await queue.idle();
  await queue.idle();
  expect([...(await readRollouts(files)).rollouts.keys()]).toEqual(['a', 'b']);
  await later;
});
