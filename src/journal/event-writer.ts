import { isOfMachine } from '../model/journal-event.ts';
import { machineKey, type MachineKey } from '../model/machine.ts';
import { type EventTable, openEventTable, rowOf, type SentTexts, whole } from './event-table.ts';
import type { Unlisted } from './ageing.ts';
import type { KnownNodes } from './known-nodes.ts';
import { beginsBoot, type BootRecord, lifeAfter, phaseAfter } from './life.ts';
import { type MachineRecord, type MachineTable, newMachine, withFacts } from './machine-record.ts';
import { openProfileBoots, type ProfileBoots } from './profile-boots.ts';
import type { EventEntry } from './queue.ts';
import { openUnattributedEvents, UNATTRIBUTED_MS, type UnattributedEvents } from './unattributed-events.ts';
import { type Database, prepare } from './sqlite.ts';

const KEPT_DURATIONS = 20;

/** What a machine does while it boots: it is the one that used the address a moment ago. */
const NAMING: ReadonlySet<string> = new Set(['dhcp', 'script', 'document']);

export interface EventWriterParts {
  readonly machines: MachineTable;
  readonly known: KnownNodes;
  readonly texts: SentTexts;
  readonly unlisted: Unlisted;
}

/** What a batch was about. */
export interface Saved {
  readonly machines: readonly MachineKey[];
  /** Machines that were never seen before and that no profile names, and the address that most of them used. */
  readonly newcomers: number;
  readonly newcomersFrom?: string;
  /** Machines that were forgotten to make room. */
  readonly removed: number;
  /** Boots by a profile's name alone were among it. */
  readonly byProfile: boolean;
}

/** Finds the machine that an event is about and the boot that it belongs to, and writes both down. */
export class EventWriter {
  readonly #parts: EventWriterParts;
  readonly #set: WorkingSet;
  readonly #events: EventTable;
  /** Which machine used an address last. */
  readonly addresses: ReturnType<typeof openAddresses>;
  readonly profileBoots: ProfileBoots;
  readonly #unattributed: UnattributedEvents;
  /** Of this batch: from which address how many came. */
  readonly #newcomers = new Map<string, number>();

  constructor(db: Database, parts: EventWriterParts) {
    this.#parts = parts;
    this.#set = new WorkingSet(parts.machines, openBootTable(db));
    this.#events = openEventTable(db);
    this.addresses = openAddresses(db);
    this.profileBoots = openProfileBoots(db);
    this.#unattributed = openUnattributedEvents(db);
  }

  /** What belongs to no machine is not kept: nothing is lost by that. */
  write(entry: EventEntry): void {
    const { facts, from } = entry.event;
    const key = facts === undefined ? undefined : machineKey(facts);
    if (key !== undefined) {
      this.#ofMachine(key, entry);
      return;
    }
    // The client left before the answer, and its address went with it.
    if (from === undefined) return;
    const holder = this.addresses.holder(from, entry.began);
    const record = holder === undefined ? undefined : this.#set.byId(holder);
    if (record === undefined) {
      this.profileBoots.add(from, entry);
      this.#unattributed.keep(from, entry);
    } else this.#apply(record, entry);
  }

  /** The end of a batch. */
  save(): Saved {
    const machines = this.#set.save();
    const newcomers = [...this.#newcomers.values()].reduce((sum, n) => sum + n, 0);
    const [most] = [...this.#newcomers].sort(([, a], [, b]) => b - a);
    this.#newcomers.clear();
    const removed = newcomers === 0 ? 0 : this.#parts.unlisted.makeRoom();
    if (removed > 0) this.forget();
    return {
      ...{ machines, newcomers, removed, byProfile: this.profileBoots.save() },
      ...(most === undefined || most[0] === '' ? {} : { newcomersFrom: most[0] }),
    };
  }

  /** What is remembered may be wrong: a transaction was rolled back, or rows were removed. */
  forget(): void {
    this.#set.clear();
    this.#events.forget();
    this.addresses.forget();
    this.profileBoots.forget();
    this.#unattributed.forget();
    this.#parts.texts.forget();
    this.#newcomers.clear();
  }

  #ofMachine(key: MachineKey, entry: EventEntry): void {
    const { event, began } = entry;
    const before = this.#set.byKey(key);
    if (!isOfMachine(event) && before === undefined) {
      this.#unattributed.keep(`key:${key}`, entry);
      return;
    }
    let record = this.#named(before, key, entry);
    if (event.from !== undefined && NAMING.has(event.kind)) {
      for (const earlier of this.#unattributed.take(event.from, began - UNATTRIBUTED_MS))
        record = this.#apply(record, earlier);
    }
    this.#apply(record, entry);
  }

  #named(before: MachineRecord | undefined, key: MachineKey, { event }: EventEntry): MachineRecord {
    const record = withFacts(before ?? newMachine(key), event.facts ?? {});
    if (record === before) return record;
    const kept = this.#set.put(this.#parts.known.recognise(this.#set.put(record)));
    if (before === undefined && kept.node_key === null) {
      const from = event.from ?? '';
      this.#newcomers.set(from, (this.#newcomers.get(from) ?? 0) + 1);
      this.#parts.unlisted.added();
    }
    return kept;
  }

  /** Writes an event down; gives the machine as it is afterwards. */
  #apply(record: MachineRecord, entry: EventEntry): MachineRecord {
    const { event, began } = entry;
    const at = whole(entry.at);
    const after = this.#set.put(changed(record, entry, at));
    if (event.from !== undefined) this.addresses.used(event.from, after.id, at);
    const before = this.#set.boot(after);
    const phase = before && { phase: before.phase, lastAt: before.last_at };
    if (!beginsBoot(phase, event, began)) {
      if (before === undefined) this.#unattributed.keep(`key:${after.key}`, entry);
      else this.#into(before, entry);
      return before === undefined ? after : this.#set.put(timed(after, before, event.kind, at));
    }
    const boot = this.#set.beginBoot(after, whole(began));
    const begun = this.#set.put({ ...after, boot: boot.id });
    for (const whose of new Set([after.key, after.node_key ?? after.key])) {
      for (const earlier of this.#unattributed.take(`key:${whose}`, 0))
        this.#into(this.#set.boot(begun) ?? boot, earlier);
    }
    this.#into(this.#set.boot(begun) ?? boot, entry);
    return begun;
  }

  #into(boot: BootRecord, entry: EventEntry): void {
    const { event } = entry;
    const at = whole(entry.at);
    const body = event.kind === 'script' || event.kind === 'document' ? event.body : undefined;
    const digest = body === undefined ? null : this.#parts.texts.keep(body, at);
    const rows = this.#events.add(boot, rowOf(entry), entry.began, digest);
    this.#set.putBoot({
      ...boot,
      ...(event.kind === 'script' ? told(event.decision) : {}),
      ...(isEnd(boot, event.kind) ? { up_at: at, ms: at > boot.at ? at - boot.at : null } : {}),
      phase: phaseAfter(boot.phase, event),
      last_at: Math.max(boot.last_at, isOfMachine(event) ? at : 0),
      events: boot.events + rows,
    });
  }
}

function told(decision: { outcome: BootRecord['outcome']; profile?: string; version?: string }): Partial<BootRecord> {
  const { outcome, profile, version } = decision;
  return { outcome, profile: profile ?? null, version: version ?? null };
}

/** The first report after the machine was told something; a system that reports at every start of a service has booted once. */
function isEnd(boot: BootRecord, kind: string): boolean {
  return (kind === 'phone-home' || kind === 'installed') && boot.phase !== 'over' && boot.up_at === null;
}

/** The machine with how long its boot took, if that is over now. */
function timed(record: MachineRecord, boot: BootRecord, kind: string, at: number): MachineRecord {
  if (!isEnd(boot, kind) || at <= boot.at) return record;
  const all = record.durations === '' ? [] : record.durations.split(',');
  return { ...record, durations: [...all, String(at - boot.at)].slice(-KEPT_DURATIONS).join(',') };
}

function changed(record: MachineRecord, { event, began }: EventEntry, at: number): MachineRecord {
  const life = lifeAfter(record, event, at);
  const now: MachineRecord = { ...record, state: life.state, since: life.since, deadline: life.deadline };
  if (!isOfMachine(event)) return life === record ? now : { ...now, because: null };
  const seen = {
    first_seen: Math.min(record.first_seen ?? Infinity, whole(began)),
    last_seen: Math.max(record.last_seen ?? 0, at),
    since: now.since ?? at,
    ...(event.from === undefined ? {} : { address: event.from, address_at: at }),
  };
  if (event.kind === 'phone-home') {
    const hostname = event.said['hostname']?.slice(0, 128);
    return { ...now, ...seen, ...(hostname === undefined || hostname === '' ? {} : { hostname }) };
  }
  if (event.kind !== 'script') return { ...now, ...seen };
  const { profile, node, version, because, question } = event.decision;
  const { origin, choice, facts } = question ?? {};
  // With its facts: what it has said elsewhere and before (a host name when it phoned home) was no part of this question.
  const asked = question === undefined ? null : JSON.stringify({ origin, choice, facts });
  const last = { profile: profile ?? null, node: node ?? null, version: version ?? null, because, asked };
  return { ...now, ...seen, ...last };
}

/** So long an address stays a machine's without a word from it: leases are not given to others faster. */
export const HELD_MS = 900_000;
const REMEMBERED = 50_000;

/** Which machine used an address last. */
export function openAddresses(db: Database) {
  const last = prepare<[string], { id: number; address_at: number }>(
    db,
    'SELECT id, address_at FROM machine WHERE address = ? AND address_at IS NOT NULL ORDER BY address_at DESC LIMIT 1',
  );
  const recent = new Map<string, { readonly machine: number; readonly at: number }>();

  function used(address: string, machine: number, at: number): void {
    if (recent.size >= REMEMBERED) recent.clear();
    recent.set(address, { machine, at });
  }

  return {
    used,
    /** Whose it was at a moment; undefined when no machine used it in the time before. */
    holder(address: string, moment: number): number | undefined {
      let found = recent.get(address);
      if (found === undefined) {
        const row = last.get(address);
        if (row === undefined) return undefined;
        found = { machine: row.id, at: row.address_at };
        used(address, found.machine, found.at);
      }
      return moment - found.at <= HELD_MS ? found.machine : undefined;
    },
    /** What is remembered may be wrong: a transaction was rolled back. */
    forget(): void {
      recent.clear();
    },
  };
}

/** The machines and boots that a batch is about: read once, written once at its end. */
class WorkingSet {
  readonly #machines: MachineTable;
  readonly #boots: BootTable;
  readonly #records = new Map<number, MachineRecord>();
  /** As they are in the database. */
  readonly #before = new Map<number, MachineRecord>();
  readonly #ids = new Map<MachineKey, number>();
  readonly #open = new Map<number, BootRecord>();
  readonly #changed = new Set<number>();
  readonly #changedBoots = new Set<number>();

  constructor(machines: MachineTable, boots: BootTable) {
    this.#machines = machines;
    this.#boots = boots;
  }

  byKey(key: MachineKey): MachineRecord | undefined {
    const id = this.#ids.get(key);
    return id === undefined ? this.#read(this.#machines.byKey(key)) : this.#records.get(id);
  }

  byId(id: number): MachineRecord | undefined {
    return this.#records.get(id) ?? this.#read(this.#machines.byId(id));
  }

  /** Remembers it for the end; a new machine is inserted at once, because others refer to its id. */
  put(record: MachineRecord): MachineRecord {
    const kept = record.id === 0 ? this.#machines.save(record) : record;
    if (record.id === 0) this.#before.set(kept.id, kept);
    this.#records.set(kept.id, kept);
    this.#ids.set(kept.key, kept.id);
    this.#changed.add(kept.id);
    return kept;
  }

  boot(record: MachineRecord): BootRecord | undefined {
    if (record.boot === null) return undefined;
    const boot = this.#open.get(record.boot) ?? this.#boots.byId(record.boot);
    if (boot !== undefined) this.#open.set(boot.id, boot);
    return boot;
  }

  beginBoot(record: MachineRecord, at: number): BootRecord {
    const boot = this.#boots.begin(record.id, at);
    this.#open.set(boot.id, boot);
    return boot;
  }

  putBoot(boot: BootRecord): void {
    this.#open.set(boot.id, boot);
    this.#changedBoots.add(boot.id);
  }

  /** Writes what changed and forgets all of it; gives the keys of the machines. */
  save(): readonly MachineKey[] {
    const records = [...this.#changed].flatMap((id) => this.#records.get(id) ?? []);
    for (const record of records) this.#machines.save(record, this.#before.get(record.id));
    for (const id of this.#changedBoots) {
      const boot = this.#open.get(id);
      if (boot !== undefined) this.#boots.save(boot);
    }
    this.clear();
    return records.map(({ key }) => key);
  }

  clear(): void {
    for (const part of [this.#records, this.#before, this.#ids, this.#open, this.#changed, this.#changedBoots])
      part.clear();
  }

  #read(record: MachineRecord | undefined): MachineRecord | undefined {
    if (record === undefined) return undefined;
    this.#records.set(record.id, record);
    this.#before.set(record.id, record);
    this.#ids.set(record.key, record.id);
    return record;
  }
}

type BootTable = ReturnType<typeof openBootTable>;

function openBootTable(db: Database) {
  const byId = prepare<[number], BootRecord>(db, 'SELECT * FROM boot WHERE id = ?');
  const insert = prepare<[number, number, number]>(
    db,
    "INSERT INTO boot (machine, at, last_at, phase, events) VALUES (?, ?, ?, 'asking', 0)",
  );
  const update = prepare<[BootRecord]>(
    db,
    `UPDATE boot SET at = @at, last_at = @last_at, phase = @phase, outcome = @outcome, profile = @profile,
     version = @version, up_at = @up_at, ms = @ms, events = @events WHERE id = @id`,
  );
  return {
    byId: (id: number): BootRecord | undefined => byId.get(id),
    begin(machine: number, at: number): BootRecord {
      const id = Number(insert.run(machine, at, at).lastInsertRowid);
      const nothing = { outcome: null, profile: null, version: null, up_at: null, ms: null };
      return { id, machine, at, last_at: at, phase: 'asking', ...nothing, events: 0 };
    },
    save(boot: BootRecord): void {
      update.run(boot);
    },
  };
}
