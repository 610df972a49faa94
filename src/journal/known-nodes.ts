import type { MachineKey } from '../model/machine.ts';
import type { KnownNode } from './journal.ts';
import { newMachine, type MachineRecord, type MachineTable } from './machine-record.ts';
import { type Database, prepare } from './sqlite.ts';

interface Listed {
  readonly print: string;
  readonly machine: number;
  readonly round: number;
}

const UNNAMED = {
  node_key: null,
  node_name: null,
  node_profile: null,
  node_version: null,
  node_address: null,
  node_tags: null,
};

/** The machines that profiles name, in the rows of `machine`. */
export class KnownNodes {
  readonly #db: Database;
  readonly #machines: MachineTable;
  readonly #listed = new Map<MachineKey, Listed>();

  constructor(db: Database, machines: MachineTable) {
    this.#db = db;
    this.#machines = machines;
    this.reload();
  }

  /** What is remembered may be wrong: a transaction was rolled back. */
  reload(): void {
    this.#listed.clear();
    const rows = prepare<[], Pick<MachineRecord, 'id' | keyof typeof UNNAMED>>(
      this.#db,
      `SELECT id, ${Object.keys(UNNAMED).join(', ')} FROM machine WHERE node_key IS NOT NULL`,
    ).iterate();
    for (const row of rows) {
      const print = printOf(row);
      this.#listed.set(row.node_key ?? '', { print, machine: row.id, round: 0 });
    }
  }

  /** A part of the list. `round` is the same for all parts of one list, and grows. */
  add(nodes: readonly KnownNode[], round: number, now: number): void {
    for (const node of nodes) {
      const print = printOf(columnsOf(node));
      const before = this.#listed.get(node.key);
      const machine = before?.print === print ? before.machine : this.#write(node, before, now);
      this.#listed.set(node.key, { print, machine, round });
    }
  }

  /** The list is whole: who is not on it is named no more. */
  finish(round: number, now: number): void {
    for (const [key, listed] of this.#listed) {
      if (listed.round === round) continue;
      this.#listed.delete(key);
      const record = this.#machines.byId(listed.machine);
      if (record?.node_key !== key) continue;
      if (record.last_seen === null) this.#machines.remove(record.id);
      else this.#machines.save(unnamed(record, now));
    }
  }

  /** A machine said more of itself: if a profile names it by its UUID or serial, that is written into its record. */
  recognise(record: MachineRecord): MachineRecord {
    if (record.node_key !== null) return record;
    const aliases = [`uuid:${record.uuid ?? ''}`, `serial:${record.serial ?? ''}`];
    for (const key of aliases) {
      const listed = this.#listed.get(key);
      if (listed === undefined || listed.machine === record.id) continue;
      const other = this.#machines.byId(listed.machine);
      // A machine that was seen under that key alone keeps its own history.
      if (other === undefined || other.last_seen !== null) continue;
      this.#machines.remove(other.id);
      this.#listed.set(key, { ...listed, machine: record.id });
      const { node_key, node_name, node_profile, node_version, node_address, node_tags } = other;
      const state = record.state === 'unknown' ? 'assigned' : record.state;
      return { ...record, state, node_key, node_name, node_profile, node_version, node_address, node_tags };
    }
    return record;
  }

  #write(node: KnownNode, before: Listed | undefined, now: number): number {
    const found =
      (before === undefined ? undefined : this.#machines.byId(before.machine)) ??
      this.#machines.byKey(node.key) ??
      this.#machines.byAlias(node.key);
    const record = named(found ?? newMachine(node.key), node, now);
    return this.#machines.save(record).id;
  }
}

function columnsOf({ key, name, profile, version, address, tags = [] }: KnownNode) {
  return {
    node_key: key,
    node_name: name,
    node_profile: profile,
    node_version: version,
    node_address: address ?? null,
    node_tags: tags.length === 0 ? null : JSON.stringify(tags),
  };
}

/** The same for a node that is as it was. */
function printOf(row: Pick<MachineRecord, keyof typeof UNNAMED>): string {
  return JSON.stringify([row.node_name, row.node_profile, row.node_version, row.node_address, row.node_tags]);
}

function named(record: MachineRecord, node: KnownNode, now: number): MachineRecord {
  const of = columnsOf(node);
  if (record.state !== 'unknown') return { ...record, ...of };
  // Why it was unknown is true no more.
  return { ...record, ...of, state: 'assigned', since: record.last_seen === null ? null : now, because: null };
}

function unnamed(record: MachineRecord, now: number): MachineRecord {
  const left = { ...record, ...UNNAMED, node: null };
  if (record.state !== 'assigned') return left;
  return { ...left, state: 'unknown', since: now, profile: null, version: null, because: null };
}
