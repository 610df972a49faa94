import type { MachineKey } from '../model/machine.ts';
import { type BootRecord, type BootTable } from './boot-table.ts';
import type { MachineRecord, MachineTable } from './machine-record.ts';

/** The machines and boots that a batch is about: read once, written once at its end. */
export class WorkingSet {
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
