import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../model/failure.ts';
import { SILENT } from '../../model/log.ts';
import type { Settings } from '../../settings/settings.ts';
import { version } from '../../settings/version.ts';
import { likelyOrigin, readHouse } from '../../context/app-context.ts';
import { createRunBook } from '../../releases/run-book.ts';
import { createVendors } from '../service/vendors.ts';
import { openJournalHere } from './journal-here.ts';
import type { Counter } from './client.ts';
import { nodesOf } from '../service/known-nodes.ts';
import { createOffice } from '../service/service.ts';
import { POLL_MS } from './remote.ts';

/** Over the data directory itself, where no server runs. Says nothing by itself and leaves no file that was not there. */
export async function filesCounter(settings: Settings): Promise<Counter> {
  const { files, catalog, preview, marks } = await readHouse(settings);
  const journal = await openJournalHere(settings, files);
  const office = createOffice({
    settings,
    files,
    catalog,
    preview,
    journal,
    marks,
    deliveries: { running: () => [] },
    sync: { book: createRunBook(), isRunning: () => false, nextRun: () => undefined, runNow: () => false },
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
      return await office.machines(query);
    },
    async machine(key) {
      await know();
      return await office.machine(key, likelyOrigin(settings));
    },
    adopt: (adoption) => office.adopt(adoption),
    reinstall: (machine) => alone(() => office.reinstall(machine)),
    cancelReinstall: (machine) => alone(() => office.cancelReinstall(machine)),
    releaseClaim: (machine) => alone(() => office.releaseClaim(machine)),
    acceptState: () => alone(() => office.acceptState()),
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
