import { remember } from '../boot/decide.ts';
import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import type { Journal } from '../journal/journal.ts';
import type { InstallMarks } from '../machines/claims.ts';
import type { InstallMark } from '../machines/mark.ts';
import { Failure } from '../model/failure.ts';
import { factsFrom, identityOf, machineKey, type MachineKey, nodeFacts } from '../model/machine.ts';
import type { Log, Service } from '../model/service.ts';

/** Questions to the journal at a time. */
const AT_ONCE = 100;

/**
 * Marks of older versions do not say which MAC, UUID and serial number belong together, and of machines that are not
 * installed from here there were none. The journal saw them ask: without it the second network card of an installed
 * machine would be a new machine until its first card asks again. Before the servers listen; what was seen wrongly makes a
 * machine wait at most.
 */
export function recallMachines(
  catalog: Catalog,
  marks: Pick<InstallMarks, 'all' | 'saw'>,
  journal: Pick<Journal, 'machine' | 'status'>,
  log: Log,
): Service {
  let over = false;
  let end: (() => void) | undefined;
  let work: Promise<void> = Promise.resolve();

  /** Nothing is remembered where nothing is installed: then a profile that begins to install is waited for. */
  function when(snapshot: Snapshot): void {
    if (!snapshot.installs || end === undefined) return;
    end();
    end = undefined;
    work = all().catch((error: unknown) => {
      if (!(error instanceof Failure)) log.error({ err: error }, 'what the journal knows of machines cannot be used');
    });
  }

  async function all(): Promise<void> {
    const keys = [...unknown(catalog.current())];
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      if (over || !journal.status().on) return;
      const found = await Promise.all(keys.slice(from, from + AT_ONCE).map((key) => journal.machine(key)));
      for (const history of found) {
        if (history === undefined) continue;
        const facts = factsFrom(history.row);
        const match = catalog.current().match(facts);
        remember(marks, identityOf(facts, match), match?.by);
      }
    }
  }

  /** Machines that are known by a MAC alone: whatever else is known of one is found by that. */
  function unknown(snapshot: Snapshot): ReadonlySet<MachineKey> {
    const known = new Set<string>();
    const keys = new Set<MachineKey>();
    for (const { machine, broken } of marks.all()) {
      if (machine.mac === undefined || broken !== undefined) continue;
      (machine.uuid === undefined ? keys : known).add(machine.mac);
    }
    for (const { nodes } of snapshot.profiles.values()) {
      for (const node of nodes) {
        const { mac, uuid } = nodeFacts(node);
        if (mac !== undefined && uuid === undefined && !known.has(mac)) keys.add(mac);
      }
    }
    return keys;
  }

  return {
    name: 'recall machines',
    async start() {
      end = catalog.onChange(when);
      when(catalog.current());
      await work;
    },
    async stop() {
      over = true;
      end?.();
      await work;
    },
  };
}

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
