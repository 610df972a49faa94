import type Database from 'better-sqlite3';
import type { MachineFacts, MachineKey } from '../model/machine.ts';
import { type Mac, macHyphens } from '../model/mac.ts';
import type { RecordedState } from './life.ts';
import { SearchTexts } from './texts.ts';

/** A row of `machine`, in the names of its columns. */
export interface MachineRecord {
  /** 0: not in the database yet. */
  readonly id: number;
  readonly key: MachineKey;
  readonly mac: string | null;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly hostname: string | null;
  readonly asset: string | null;
  readonly manufacturer: string | null;
  readonly product: string | null;
  readonly arch: string | null;
  readonly platform: string | null;
  readonly address: string | null;
  readonly address_at: number | null;
  /** Null: never seen, a profile names it. */
  readonly first_seen: number | null;
  readonly last_seen: number | null;
  readonly state: RecordedState;
  readonly since: number | null;
  readonly deadline: number | null;
  /** Of its last script. */
  readonly profile: string | null;
  readonly node: string | null;
  readonly version: string | null;
  readonly because: string | null;
  /** Of the profile that names it now; its key there, which may be a UUID or serial of a machine with a MAC. */
  readonly node_key: MachineKey | null;
  readonly node_name: string | null;
  readonly node_profile: string | null;
  readonly node_version: string | null;
  readonly node_address: string | null;
  /** Its current boot. */
  readonly boot: number | null;
  /** Of its last boots, oldest first: `41000,40230`. */
  readonly durations: string;
}

export const FACTS = [
  'mac',
  'uuid',
  'serial',
  'hostname',
  'asset',
  'manufacturer',
  'product',
  'arch',
  'platform',
] as const satisfies readonly (keyof MachineFacts)[];

/** What changes with every boot. */
const BUSY = [
  ...(['address_at', 'first_seen', 'last_seen', 'state', 'since', 'deadline'] as const),
  ...(['profile', 'version', 'because', 'boot', 'durations'] as const),
] as const;
/** What mostly stays. Kept apart because of the indexes: SQLite writes those of every column that it is told to set. */
const CALM = [
  ...FACTS,
  ...(['address', 'node', 'node_key', 'node_name', 'node_profile', 'node_version', 'node_address'] as const),
] as const;
const STORED = ['key', ...CALM, ...BUSY] as const;
const COLUMNS = ['id', ...STORED] as const;
/** Made of the others, for the queries. */
const DERIVED = ['shown_profile', 'sort_name', 'search'] as const;

const MACHINE_COLUMNS = COLUMNS.join(', ');

/** A machine that nothing is known of but its key. */
export function newMachine(key: MachineKey): MachineRecord {
  const nothing = Object.fromEntries(COLUMNS.map((column) => [column, null])) as unknown as MachineRecord;
  return { ...nothing, id: 0, key, state: 'unknown', durations: '' };
}

/** What pages show as its profile, version and name. */
export function shownOf(record: MachineRecord): {
  readonly profile: string | null;
  readonly version: string | null;
  readonly name: string | null;
} {
  const name = record.node_name ?? record.node;
  // What it would boot, while it has not booted; what it booted, from then on.
  const waits = record.state === 'assigned' || record.state === 'unknown';
  if (record.node_profile !== null && (waits || record.profile === null)) {
    return { profile: record.node_profile, version: record.node_version, name };
  }
  return { profile: record.profile, version: record.version, name };
}

/** What people may look for: every spelling of its MAC, and what it is called. Lower case, a line each. */
export function searchText(record: MachineRecord): string {
  const { mac, serial, product, hostname, key } = record;
  const macs = mac === null ? [key] : [mac, macHyphens(mac as Mac), mac.replaceAll(':', '')];
  const address = record.address ?? record.node_address;
  const parts = [...macs, shownOf(record).name, serial, product, address, hostname];
  return parts.flatMap((part) => (part === null ? [] : [part.toLowerCase()])).join('\n');
}

/** The rows of `machine`. */
export class MachineTable {
  readonly texts: SearchTexts;
  readonly #byKey: Database.Statement<[string], MachineRecord>;
  readonly #byId: Database.Statement<[number], MachineRecord>;
  readonly #byUuid: Database.Statement<[string], MachineRecord>;
  readonly #bySerial: Database.Statement<[string], MachineRecord>;
  readonly #insert: Database.Statement<[Record<string, unknown>]>;
  readonly #update: Database.Statement<[Record<string, unknown>]>;
  readonly #touch: Database.Statement<[Record<string, unknown>]>;
  readonly #remove: Database.Statement<[number]>;

  constructor(db: Database.Database) {
    this.texts = new SearchTexts(db);
    this.#byKey = db.prepare(`SELECT ${MACHINE_COLUMNS} FROM machine WHERE key = ?`);
    this.#byId = db.prepare(`SELECT ${MACHINE_COLUMNS} FROM machine WHERE id = ?`);
    const newest = 'ORDER BY last_seen DESC LIMIT 1';
    this.#byUuid = db.prepare(`SELECT ${MACHINE_COLUMNS} FROM machine WHERE uuid = ? ${newest}`);
    this.#bySerial = db.prepare(`SELECT ${MACHINE_COLUMNS} FROM machine WHERE serial = ? ${newest}`);
    const columns = [...STORED, ...DERIVED];
    this.#insert = db.prepare(
      `INSERT INTO machine (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`,
    );
    const update = (names: readonly string[]): Database.Statement<[Record<string, unknown>]> =>
      db.prepare(`UPDATE machine SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`);
    this.#update = update([...CALM, ...BUSY, ...DERIVED]);
    this.#touch = update([...BUSY, 'shown_profile']);
    this.#remove = db.prepare('DELETE FROM machine WHERE id = ?');
  }

  byKey(key: MachineKey): MachineRecord | undefined {
    return this.#byKey.get(key);
  }

  byId(id: number): MachineRecord | undefined {
    return this.#byId.get(id);
  }

  /** The machine with that UUID or serial that has a better key: `uuid:...`, `serial:...`. */
  byAlias(key: MachineKey): MachineRecord | undefined {
    if (key.startsWith('uuid:')) return this.#byUuid.get(key.slice('uuid:'.length));
    return key.startsWith('serial:') ? this.#bySerial.get(key.slice('serial:'.length)) : undefined;
  }

  /** Gives the record with its id. `before`: as it is in the database, if that is known. */
  save(record: MachineRecord, before?: MachineRecord): MachineRecord {
    const shown = shownOf(record);
    if (before !== undefined && CALM.every((column) => record[column] === before[column])) {
      this.#touch.run({ ...record, shown_profile: shown.profile });
      return record;
    }
    const sortName = (shown.name ?? record.key).toLowerCase();
    const search = searchText(record);
    const row = { ...record, shown_profile: shown.profile, sort_name: sortName, search };
    if (record.id !== 0) {
      this.#update.run(row);
      this.texts.put(record.id, search);
      return record;
    }
    const id = Number(this.#insert.run(row).lastInsertRowid);
    this.texts.put(id, search);
    return { ...record, id };
  }

  remove(id: number): void {
    this.#remove.run(id);
    this.texts.remove(id);
  }
}

/** The record with what the machine says of itself; the same object when that is nothing new. */
export function withFacts(record: MachineRecord, facts: MachineFacts): MachineRecord {
  const news = FACTS.filter((fact) => facts[fact] !== undefined && facts[fact] !== record[fact]);
  if (news.length === 0) return record;
  return { ...record, ...Object.fromEntries(news.map((fact) => [fact, facts[fact]])) };
}
