import { expect, test } from 'vitest';
import { NO_JOURNAL } from '../../src/journal/no-journal.ts';

test('takes everything, says that it is off, and answers no question', async () => {
  await NO_JOURNAL.start();
  NO_JOURNAL.record({ kind: 'installed', at: 1 });
  NO_JOURNAL.know([]);
  NO_JOURNAL.onWritten(() => undefined)();
  await NO_JOURNAL.flushed();
  expect(NO_JOURNAL.status()).toMatchObject({ on: false, lost: 0 });
  const asked = [
    NO_JOURNAL.machines({ limit: 1 }),
    NO_JOURNAL.machine('x'),
    NO_JOURNAL.sent('x'),
    NO_JOURNAL.syncRuns(1),
  ];
  for (const question of asked) await expect(question).rejects.toMatchObject({ code: 'unavailable' });
  await NO_JOURNAL.stop(AbortSignal.abort());
});
