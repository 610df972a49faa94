import type { JournalEvent, ScriptEvent } from '../model/journal-event.ts';
import type { MachineQuery, ProfileBoot } from '../model/views.ts';
import { whole } from './event-table.ts';
import type { EventEntry } from './queue.ts';
import { type Database, prepare } from './sqlite.ts';

/** Any client can ask from many addresses: those that were seen last stay. */
const MOST = 500;

interface Row {
  readonly address: string;
  readonly profile: string;
  readonly outcome: ScriptEvent['decision']['outcome'];
  readonly because: string;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly boots: number;
}

export type ProfileBoots = ReturnType<typeof openProfileBoots>;

/**
 * Boots by a profile's name alone (`/?profile=NAME`, coreos-ipxe-server's way): which machine it was is not known, so
 * they are kept by address and profile, apart from the machines.
 */
export function openProfileBoots(db: Database) {
  const insert = prepare<[Row]>(
    db,
    `INSERT INTO profile_boot (address, profile, outcome, because, first_seen, last_seen, boots)
     VALUES (@address, @profile, @outcome, @because, @first_seen, @last_seen, @boots)
     ON CONFLICT DO UPDATE SET outcome = excluded.outcome, because = excluded.because,
       last_seen = max(last_seen, excluded.last_seen), boots = boots + excluded.boots`,
  );
  const makeRoom = prepare<[number]>(
    db,
    `DELETE FROM profile_boot WHERE (address, profile) IN
     (SELECT address, profile FROM profile_boot ORDER BY last_seen DESC LIMIT -1 OFFSET ?)`,
  );
  const all = prepare<[], Row>(db, 'SELECT * FROM profile_boot ORDER BY last_seen DESC, address, profile');
  /** Of the batch that is being written. */
  let added = 0;

  return {
    /** One that waits asks every few seconds: only those that were told to boot count as boots. */
    add(from: string, { event, began, at, times }: EventEntry): void {
      if (!isByProfile(event)) return;
      const { outcome, profile = '', because } = event.decision;
      const [first_seen, last_seen] = [whole(began), whole(at)];
      const boots = outcome === 'boot' ? times : 0;
      insert.run({ address: from, profile, outcome, because, first_seen, last_seen, boots });
      added += 1;
    },
    /** The end of a batch: whether any was in it. */
    save(): boolean {
      const some = added > 0;
      if (some) makeRoom.run(MOST);
      added = 0;
      return some;
    },
    forget(): void {
      added = 0;
    },
    /** Newest first, beside the first page of the machines; none beside those of one state or tag, which these have not. */
    list({ after, skip = 0, state, tag, profile, text = '' }: MachineQuery): { readonly byProfile?: ProfileBoot[] } {
      if (after !== undefined || skip > 0 || state !== undefined || tag !== undefined) return {};
      const part = text.trim().toLowerCase();
      const fits = (row: Row): boolean =>
        (profile === undefined || row.profile === profile) &&
        [row.address, row.profile].some((word) => word.toLowerCase().includes(part));
      return { byProfile: all.all().filter(fits).map(viewOf) };
    },
  };
}

/** A machine's own decision carries its question. */
function isByProfile(event: JournalEvent): event is JournalEvent & ScriptEvent {
  return event.kind === 'script' && event.decision.question === undefined && event.decision.profile !== undefined;
}

function viewOf({ first_seen: firstSeen, last_seen: lastSeen, outcome, because, ...row }: Row): ProfileBoot {
  return { ...row, firstSeen, lastSeen, ...(outcome === 'boot' ? {} : { waits: because }) };
}
