import { Failure } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import { machineKey } from '../model/machine.ts';
import type { Service } from '../model/service.ts';
import type { Journal } from '../journal/journal.ts';
import type { InstallMarks } from '../machines/claims.ts';
import type { InstallMark } from '../machines/mark.ts';

/**
 * The marks are the truth, and the journal is written a moment later: a server that is killed between the two, or that
 * lost its journal, would show machines as being installed that have reported. Once after the start.
 */
export function reconcile(
  marks: Pick<InstallMarks, 'all'>,
  journal: Pick<Journal, 'machine' | 'record' | 'status'>,
  log: Log,
): Service {
  let over = false;
  let work: Promise<void> = Promise.resolve();

  async function all(): Promise<void> {
    let told = 0;
    for (const mark of marks.all()) {
      if (over || !journal.status().on) break;
      if (await isNews(mark)) {
        journal.record({ kind: 'installed', at: mark.since, facts: mark.machine });
        told += 1;
      }
    }
    if (told > 0) log.info({ machines: told }, 'the journal was told which machines are installed');
  }

  async function isNews({ state, broken, machine, since }: InstallMark): Promise<boolean> {
    const key = machineKey(machine);
    if (state !== 'installed' || broken !== undefined || key === undefined) return false;
    const row = (await journal.machine(key))?.row;
    return row === undefined || (row.state !== 'installed' && row.state !== 'up' && (row.since ?? 0) <= since);
  }

  return {
    name: 'reconcile',
    start() {
      work = all().catch((error: unknown) => {
        if (!(error instanceof Failure)) log.error({ err: error }, 'the journal could not be told what is installed');
      });
      return Promise.resolve();
    },
    async stop() {
      over = true;
      await work;
    },
  };
}
