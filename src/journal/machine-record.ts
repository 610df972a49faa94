import { FACT_KEYS, type Mac, type MachineFacts, type MachineKey, macHyphens } from '../model/machine.ts';
import type { RecordedState } from './life.ts';
import { type Database, prepare } from './sqlite.ts';

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
  /** Its question, apart from the facts: `{"origin":"http://...","choice":"NAME"}`. Null in rows of older versions. */
  readonly asked: string | null;
  /** Of the profile that names it now; its key there, which may be a UUID or serial of a machine with a MAC. */
  readonly node_key: MachineKey | null;
  readonly node_name: string | null;
  readonly node_profile: string | null;
  readonly node_version: string | null;
  readonly node_address: string | null;
  /** JSON, a list; null without any. */
  readonly node_tags: string | null;
  /** Its current boot. */
  readonly boot: number | null;
  /** Of its last boots, oldest first: `41000,40230`. */
  readonly durations: string;
}

/** What changes with every boot. */
const BUSY = [
  ...(['address_at', 'first_seen', 'last_seen', 'state', 'since', 'deadline'] as const),
  ...(['profile', 'version', 'because', 'asked', 'boot', 'durations'] as const),
] as const;
/** What mostly stays. Kept apart because of the indexes: SQLite writes those of every column that it is told to set. */
const CALM = [
  ...FACT_KEYS,
  ...([
    'address',
    'node',
    'node_key',
    'node_name',
    'node_profile',
    'node_version',
    'node_address',
    'node_tags',
  ] as const),
] as const;
const STORED = ['key', ...CALM, ...BUSY] as const;
const COLUMNS = ['id', ...STORED] as const;
/** Made of the others, for the queries. */
const DERIVED = ['shown_profile', 'sort_name', 'search'] as const;

const MACHINE_COLUMNS = COLUMNS.join(', ');

export type MachineTable = ReturnType<typeof openMachineTable>;

/** The rows of `machine`. */
export function openMachineTable(db: Database) {
  const texts = openSearchTexts(db);
  const select = (where: string) =>
    prepare<[string | number], MachineRecord>(db, `SELECT ${MACHINE_COLUMNS} FROM machine WHERE ${where}`);
  const byKey = select('key = ?');
  const byId = select('id = ?');
  const byUuid = select('uuid = ? ORDER BY last_seen DESC LIMIT 1');
  const bySerial = select('serial = ? ORDER BY last_seen DESC LIMIT 1');
  const columns = [...STORED, ...DERIVED];
  const insert = prepare<[object]>(
    db,
    `INSERT INTO machine (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`,
  );
  const updating = (names: readonly string[]) =>
    prepare<[object]>(db, `UPDATE machine SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`);
  const update = updating([...CALM, ...BUSY, ...DERIVED]);
  const touch = updating([...BUSY, 'shown_profile']);
  const remove = prepare<[number]>(db, 'DELETE FROM machine WHERE id = ?');

  return {
    texts,
    byKey: (key: MachineKey): MachineRecord | undefined => byKey.get(key),
    byId: (id: number): MachineRecord | undefined => byId.get(id),
    /** The machine with that UUID or serial that has a better key: `uuid:...`, `serial:...`. */
    byAlias(key: MachineKey): MachineRecord | undefined {
      if (key.startsWith('uuid:')) return byUuid.get(key.slice('uuid:'.length));
      return key.startsWith('serial:') ? bySerial.get(key.slice('serial:'.length)) : undefined;
    },
    /** Gives the record with its id. `before`: as it is in the database, if that is known. */
    save(record: MachineRecord, before?: MachineRecord): MachineRecord {
      const shown = shownOf(record);
      if (before !== undefined && CALM.every((column) => record[column] === before[column])) {
        touch.run({ ...record, shown_profile: shown.profile });
        return record;
      }
      const search = searchText(record);
      const sortName = (shown.name ?? record.key).toLowerCase();
      const row = { ...record, shown_profile: shown.profile, sort_name: sortName, search };
      if (record.id !== 0) update.run(row);
      const id = record.id === 0 ? Number(insert.run(row).lastInsertRowid) : record.id;
      texts.put(id, search);
      return { ...record, id };
    },
    remove(id: number): void {
      remove.run(id);
      texts.remove(id);
    },
  };
}

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
  const parts = [...macs, shownOf(record).name, serial, product, address, hostname, ...tagsOf(record)];
  return parts.flatMap((part) => (part === null ? [] : [part.toLowerCase()])).join('\n');
}

export function tagsOf({ node_tags: tags }: Pick<MachineRecord, 'node_tags'>): readonly string[] {
  return tags === null ? [] : (JSON.parse(tags) as readonly string[]);
}

/** The record with what the machine says of itself; the same object when that is nothing new. */
export function withFacts(record: MachineRecord, facts: MachineFacts): MachineRecord {
  const news = FACT_KEYS.filter((fact) => facts[fact] !== undefined && facts[fact] !== record[fact]);
  if (news.length === 0) return record;
  return { ...record, ...Object.fromEntries(news.map((fact) => [fact, facts[fact]])) };
}

export type SearchTexts = ReturnType<typeof openSearchTexts>;

/**
 * What people may look for, of every machine, in memory: a hundred thousand texts are looked through in a few
 * milliseconds here, and in ten times that by SQLite. Some 200 bytes each.
 */
export function openSearchTexts(db: Database) {
  const all = prepare<[], { id: number; search: string }>(db, 'SELECT id, search FROM machine');
  const dataVersion = prepare<[], { data_version: number }>(db, 'PRAGMA data_version');
  let texts: Map<number, string> | undefined;
  let seen = 0;

  /** Reads them when that was not done yet, or when another process has written. */
  function load(): ReadonlyMap<number, string> {
    const version = dataVersion.get()?.data_version ?? 0;
    if (texts === undefined || version !== seen) {
      texts = new Map(all.all().map(({ id, search }) => [id, search]));
      seen = version;
    }
    return texts;
  }

  return {
    load,
    put(id: number, text: string): void {
      texts?.set(id, text);
    },
    remove(id: number): void {
      texts?.delete(id);
    },
    /** The machines in whose text it is; undefined when they are more than `most`. */
    find(needle: string, most: number): readonly number[] | undefined {
      const found: number[] = [];
      for (const [id, text] of load()) {
        if (!text.includes(needle)) continue;
        if (found.length === most) return undefined;
        found.push(id);
      }
      return found;
    },
    /** Whether one of them has it. After a `find`: looks at what that one read. */
    has: (id: number, needle: string): boolean => texts?.get(id)?.includes(needle) === true,
    /** What is remembered may be wrong: a transaction was rolled back. */
    forget(): void {
      texts = undefined;
    },
  };
}
