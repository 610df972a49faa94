import { expect, test } from 'vitest';
import { createJournal } from '../../src/journal/create-journal.ts';
import { SILENT } from '../../src/domain/log.ts';
import { makeFolder } from '../support/folder.ts';
test('x', async () => {
  const j = createJournal({
    file: makeFolder() + '/state/pilotlight.db',
    days: 3,
    log: SILENT,
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  await j.start();
  expect((await j.machines({ limit: 1 })).machines).toEqual([]);
  await j.stop(new AbortController().signal);
});
