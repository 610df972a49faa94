import { randomBytes } from 'node:crypto';
import { Failure, failureLine } from '../../model/failure.ts';
import type { MachineKey } from '../../model/machine.ts';
import type { Log } from '../../model/service.ts';
import type { AdminOperations } from '../service/service.ts';
import type { BulkAction } from './bulk-actions.ts';

/** What becomes of one machine. */
export interface BulkItem {
  readonly key: MachineKey;
  readonly title: string;
  state: 'waiting' | 'done' | 'failed';
  text: string;
}

export interface BulkRun {
  readonly id: string;
  readonly action: BulkAction;
  readonly began: number;
  readonly items: readonly BulkItem[];
}

/** So many results can be looked at again; the journal keeps what was done. */
const KEPT = 50;
/** A page comes after this time, also when the work goes on. */
const LONGEST_WAIT_MS = 3000;

/** The work that was asked for from pages, and its results: in memory, until the server stops. */
export function createBulkRuns({ adminService, log }: { readonly adminService: AdminOperations; readonly log: Log }) {
  const runs = new Map<string, BulkRun>();

  async function work({ action, items }: BulkRun, profile: string): Promise<void> {
    const left = [...items];
    const next = async (): Promise<void> => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) {
        await one(action, item, profile);
      }
    };
    await Promise.all(Array.from({ length: action.abreast }, next));
  }

  async function one(action: BulkAction, item: BulkItem, profile: string): Promise<void> {
    try {
      item.text = await action.act(adminService, item.key, profile);
      item.state = 'done';
    } catch (error) {
      item.state = 'failed';
      item.text = error instanceof Failure ? failureLine(error) : "internal error: the server's log says more";
      if (!(error instanceof Failure)) log.error({ err: error, machine: item.key }, 'a machine of many failed');
    }
  }

  return {
    get: (id: string): BulkRun | undefined => runs.get(id),
    /** Resolves when it is done, or when it takes longer than a person likes to wait: then it goes on. */
    async begin(
      action: BulkAction,
      machines: readonly Pick<BulkItem, 'key' | 'title'>[],
      profile: string,
    ): Promise<BulkRun> {
      const items = machines.map((machine): BulkItem => ({ ...machine, state: 'waiting', text: '' }));
      const run: BulkRun = { id: randomBytes(12).toString('hex'), action, began: Date.now(), items };
      runs.set(run.id, run);
      const [oldest] = runs.keys();
      if (runs.size > KEPT && oldest !== undefined) runs.delete(oldest);
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, LONGEST_WAIT_MS);
      });
      await Promise.race([work(run, profile), waited]);
      clearTimeout(timer);
      return run;
    },
  };
}
