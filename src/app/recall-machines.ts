import { createStandingDesk } from '../boot/standing-desk.ts';
import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import { Failure } from '../domain/failure.ts';
import { parseLabel, type MachineFacts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { parseMac } from '../domain/mac.ts';
import type { Service } from '../domain/service.ts';
import { parseUuid } from '../domain/uuid.ts';
import type { MachineRow } from '../domain/views.ts';
import type { Journal } from '../journal/journal.ts';
import type { Claims } from '../machines/claims.ts';

/** What the journal gives out at once. */
const PAGE = 500;

/**
 * Marks of older versions do not say which MAC, UUID and serial number belong together, and of machines that are not
 * installed from here there were none. The journal saw them ask: without it the second network card of an installed
 * machine would be a new machine until its first card asks again. Before the doors open; what was seen wrongly makes a
 * machine wait at most.
 */
export function recallMachines(
  catalog: Catalog,
  claims: Claims,
  journal: Pick<Journal, 'machines' | 'status'>,
  log: Log,
): Service {
  const standings = createStandingDesk({ claims });
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
    let after: string | undefined;
    do {
      if (over || !journal.status().on) return;
      const page = await journal.machines({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const row of page.machines) {
        // Those that were never seen are at the end.
        if (row.lastSeen === undefined) return;
        const facts = factsOf(row);
        if (Object.keys(facts).length > 1) standings.saw({ facts, asker: row.address ?? '' }, catalog.current());
      }
      after = page.next;
    } while (after !== undefined);
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

function factsOf({ mac, uuid, serial }: MachineRow): MachineFacts {
  const known = {
    mac: mac === undefined ? undefined : parseMac(mac),
    uuid: uuid === undefined ? undefined : parseUuid(uuid),
    serial: serial === undefined ? undefined : parseLabel(serial),
  };
  return {
    ...(known.mac === undefined ? {} : { mac: known.mac }),
    ...(known.uuid === undefined ? {} : { uuid: known.uuid }),
    ...(known.serial === undefined ? {} : { serial: known.serial }),
  };
}
