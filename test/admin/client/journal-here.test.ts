import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournalHere } from '../../../src/admin/client/journal-here.ts';
import { SILENT } from '../../../src/model/log.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { openJournalDirectly } from '../../../src/journal/create-journal.ts';
import { makeFolder } from '../../support/folder.ts';

const JOURNAL = { on: true, days: 90 };

test('a command opens the journal that is there, and makes none', async () => {
  const dir = makeFolder();
  const files = await openDataRoot(dir);
  expect((await openJournalHere({ journal: JOURNAL }, files)).status().on).toBe(false);
  expect(existsSync(join(dir, 'state'))).toBe(false);
  const server = await openJournalDirectly({ file: join(dir, 'state/pilotlight.db'), days: 90, log: SILENT });
  await server.stop(AbortSignal.timeout(5000));
  const here = await openJournalHere({ journal: JOURNAL }, files);
  expect(here.status()).toMatchObject({ on: true });
  expect((await here.machines({ limit: 1 })).machines).toEqual([]);
  await here.stop(AbortSignal.timeout(5000));
  expect((await openJournalHere({ journal: { on: false, days: 1 } }, files)).status().on).toBe(false);
});
