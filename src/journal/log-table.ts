import type { LogLine, LogPage, LogQuery } from '../model/machine-views.ts';
import type { MachineKey } from '../model/machine.ts';
import type { TimelineEvent } from '../model/views.ts';
import { whole } from './event-table.ts';
import { type Database, prepare } from './sqlite.ts';

/** Whose addresses are asked: see `openAddresses`. */
interface Addresses {
  holder(address: string, moment: number): number | undefined;
  used(address: string, machine: number, at: number): void;
}

export interface LogLimits {
  /** An installation of Debian says some 3,000 lines. */
  readonly perMachine: number;
  readonly total: number;
}

const LIMITS: LogLimits = { perMachine: 5000, total: 200_000 };
/** So much of what is allowed goes at once, when it is too much. */
const ROOM = 0.1;
const REMEMBERED = 50_000;
const MOST_AT_ONCE = 5000;

interface Row {
  readonly id: number;
  readonly at: number;
  readonly severity: number | null;
  readonly program: string | null;
  readonly text: string;
  readonly source: string;
}

/**
 * What machines log, in a table of its own: whatever they say there displaces no event, only older lines. One machine
 * displaces its own first.
 */
export function openLogTable(db: Database, addresses: Addresses, limits = LIMITS) {
  const byKey = prepare<[string, string], { id: number; key: MachineKey }>(
    db,
    'SELECT id, key FROM machine WHERE key = ? UNION ALL SELECT id, key FROM machine WHERE node_key = ? LIMIT 1',
  );
  const byId = prepare<[number], { id: number; key: MachineKey }>(db, 'SELECT id, key FROM machine WHERE id = ?');
  const insert = prepare<[number, number, number | null, string | null, string, string]>(
    db,
    'INSERT INTO log_line (machine, at, severity, program, text, source) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const countOfMachine = prepare<[number], { n: number }>(db, 'SELECT count(*) AS n FROM log_line WHERE machine = ?');
  const countOfAll = prepare<[], { n: number }>(db, 'SELECT count(*) AS n FROM log_line');
  const removeOfMachine = prepare<[number, number]>(
    db,
    'DELETE FROM log_line WHERE id IN (SELECT id FROM log_line WHERE machine = ? ORDER BY id LIMIT ?)',
  );
  const removeOldest = prepare<[number]>(
    db,
    'DELETE FROM log_line WHERE id IN (SELECT id FROM log_line ORDER BY id LIMIT ?)',
  );
  const before = prepare<[number, number], Row>(
    db,
    'SELECT * FROM log_line WHERE machine = ? ORDER BY id DESC LIMIT ?',
  );
  const after = prepare<[number, number, number], Row>(
    db,
    'SELECT * FROM log_line WHERE machine = ? AND id > ? ORDER BY id LIMIT ?',
  );
  /** By machine. */
  const counts = new Map<number, number>();
  let all: number | undefined;

  /** Who has the card that has the address now; who used the address last; whose node it is by its address, by its name. */
  function machineOf({ card, from, at, nodes = [] }: LogLine): { id: number; key: MachineKey } | undefined {
    const own = card === undefined ? undefined : byKey.get(card, card);
    if (own !== undefined) return own;
    const holder = addresses.holder(from, at);
    if (holder !== undefined) {
      // A system that runs for days asks for nothing more: what it logs keeps its address its own.
      addresses.used(from, holder, at);
      return byId.get(holder);
    }
    for (const key of nodes) {
      const node = byKey.get(key, key);
      if (node !== undefined) return node;
    }
    return undefined;
  }

  function makeRoom(machine: number): void {
    const { perMachine, total } = limits;
    const own = (counts.get(machine) ?? countOfMachine.get(machine)?.n ?? 0) + 1;
    all = (all ?? countOfAll.get()?.n ?? 0) + 1;
    if (counts.size >= REMEMBERED) counts.clear();
    const removed = own <= perMachine ? 0 : removeOfMachine.run(machine, Math.ceil(perMachine * ROOM)).changes;
    counts.set(machine, own - removed);
    all -= removed;
    if (all <= total) return;
    removeOldest.run(Math.ceil(total * ROOM));
    forget();
  }

  /** What is remembered may be wrong: a transaction was rolled back, or rows were removed. */
  function forget(): void {
    counts.clear();
    all = undefined;
  }

  return {
    /** The machine that said it; undefined where it is none that is known: then nothing is kept. */
    write(line: LogLine): MachineKey | undefined {
      const machine = machineOf(line);
      if (machine === undefined) return undefined;
      makeRoom(machine.id);
      insert.run(machine.id, whole(line.at), line.severity ?? null, line.program ?? null, line.text, line.from);
      return machine.key;
    },
    /** The last lines, or those after one; oldest first. Undefined for a machine that is not known. */
    page(key: MachineKey, { after: last, limit }: LogQuery): LogPage | undefined {
      const machine = byKey.get(key, key);
      if (machine === undefined) return undefined;
      const most = Math.min(limit, MOST_AT_ONCE);
      const rows = last === undefined ? before.all(machine.id, most).reverse() : after.all(machine.id, last, most);
      const lines = rows.map(({ id, at, severity, program, text, source }) => ({
        ...{ id, at, text, from: source },
        ...(severity !== null && { severity }),
        ...(program !== null && { program }),
      }));
      return { lines, last: lines.at(-1)?.id ?? last ?? 0 };
    },
    forget,
  };
}

/** How much a machine has logged since its boot began, and what last: one line of its timeline. */
export function openLogSummary(db: Database): (machine: number, since: number) => TimelineEvent | undefined {
  const count = prepare<[number, number], { n: number; last: number | null }>(
    db,
    'SELECT count(*) AS n, max(id) AS last FROM log_line INDEXED BY log_line_machine WHERE machine = ? AND at >= ?',
  );
  const one = prepare<[number], Row>(db, 'SELECT * FROM log_line WHERE id = ?');
  return (machine, since) => {
    const found = count.get(machine, since);
    const line = found?.last == null ? undefined : one.get(found.last);
    if (found === undefined || line === undefined) return undefined;
    const said = `${line.program === null ? '' : `${line.program}: `}${line.text}`;
    const text =
      found.n === 1 ? `it logs: ${said}` : `it logs, ${found.n.toLocaleString('en-GB')} lines; the last: ${said}`;
    return { id: 0, at: line.at, kind: 'log', text: text.slice(0, 300), ok: true, times: 1 };
  };
}
