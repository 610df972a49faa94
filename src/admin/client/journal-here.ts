import { Failure } from '../../model/failure.ts';
import { SILENT } from '../../model/log.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { openJournalDirectly } from '../../journal/create-journal.ts';
import type { Journal } from '../../journal/journal.ts';
import { NO_JOURNAL } from '../../journal/no-journal.ts';
import type { Settings } from '../../settings/settings.ts';

const FILE = 'state/pilotlight.db';

/**
 * The journal for a command that looks once. Never a new one: a database that root made could not be written by the
 * server's user.
 */
export async function openJournalHere({ journal }: Pick<Settings, 'journal'>, files: DataRoot): Promise<Journal> {
  if (!journal.on || !(await exists(files))) return NO_JOURNAL;
  return await openJournalDirectly({ file: files.path(FILE), days: journal.days, log: SILENT });
}

async function exists(files: DataRoot): Promise<boolean> {
  try {
    await files.stat(FILE);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
