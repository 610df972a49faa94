import { setTimeout as sleep } from 'node:timers/promises';
import { likelyOrigin, readContext } from '../../context/app-context.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { NO_JOURNAL, openJournalDirectly } from '../../journal/create-journal.ts';
import type { Journal } from '../../journal/journal.ts';
import { Failure, unlessFailed } from '../../model/failure.ts';
import { SILENT } from '../../model/service.ts';
import { type Settings, version } from '../../settings/settings.ts';
import { nodesOf } from '../service/known-nodes.ts';
import { createAdminService } from '../service/service.ts';
import { createVendors } from '../service/vendors.ts';
import type { AdminClient } from './client.ts';
import { POLL_MS } from './remote.ts';

const FILE = 'state/pilotlight.db';

/**
 * The journal for a command that looks once. Never a new one: a database that root made could not be written by the
 * server's user.
 */
export async function openJournalHere({ journal }: Pick<Settings, 'journal'>, files: DataRoot): Promise<Journal> {
  if (!journal.on || (await unlessFailed(files.stat(FILE))) === undefined) return NO_JOURNAL;
  return await openJournalDirectly({ file: files.path(FILE), days: journal.days, log: SILENT });
}

/** Over the data directory itself, where no server runs. Says nothing by itself and leaves no file that was not there. */
export async function localClient(settings: Settings): Promise<AdminClient> {
  const { files, catalog, preview, marks, syncProgress } = await readContext(settings);
  const journal = await openJournalHere(settings, files);
  const adminService = createAdminService({
    settings,
    files,
    catalog,
    preview,
    journal,
    marks,
    deliveries: { running: () => [] },
    sync: { progress: syncProgress, nextRun: () => undefined, runNow: () => false },
    vendorOf: createVendors(),
    log: SILENT,
    version: version(),
    now: Date.now,
    uptime: () => 0,
  });

  /** What the files say by now is what the journal shows. */
  async function know(): Promise<void> {
    if (!journal.status().on) return;
    journal.know(nodesOf(catalog.current()));
    await journal.flushed();
  }

  /** A server that is too busy to answer has the marks in memory: what is written beside it would be lost. */
  async function alone<T>(change: () => Promise<T>): Promise<T> {
    await marks.start();
    return await change();
  }

  return {
    at: 'files',
    async machines(query) {
      await know();
      return await adminService.machines(query);
    },
    async machine(key) {
      await know();
      return await adminService.machine(key, likelyOrigin(settings));
    },
    adopt: (adoption) => adminService.adopt(adoption),
    reinstall: (machine) => alone(() => adminService.reinstall(machine)),
    cancelReinstall: (machine) => alone(() => adminService.cancelReinstall(machine)),
    releaseClaim: (machine) => alone(() => adminService.releaseClaim(machine)),
    acceptState: () => alone(() => adminService.acceptState()),
    loginLink: () =>
      Promise.reject(
        new Failure('unavailable', 'no server runs on this data directory', {
          remedy: 'start it with `pilotlight serve`; a link is for its dashboard',
        }),
      ),
    async watch(changed, signal) {
      const over = (): boolean => signal.aborted;
      while (!over()) {
        await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
        if (over()) return;
        await catalog.refresh();
        changed();
      }
    },
    async close() {
      await marks.close();
      if (journal.status().on) await journal.flushed();
      await journal.stop(AbortSignal.timeout(POLL_MS));
    },
  };
}
