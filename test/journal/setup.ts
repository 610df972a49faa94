import { DatabaseSync } from '@photostructure/sqlite';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Decision } from '../../src/model/plan.ts';
import { type MachineFacts, parseLabel, parseMac, parseUuid } from '../../src/model/machine.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import type { Log, LogFields } from '../../src/model/service.ts';
import type { EventEntry } from '../../src/journal/queue.ts';
import { openDatabase } from '../../src/journal/database.ts';
import { MIGRATIONS } from '../../src/journal/schema.ts';
import { Store, type StoreOptions } from '../../src/journal/store.ts';
import { makeFolder } from '../support/folder.ts';
import { type Database } from '../../src/journal/sqlite.ts';

/** The moment in which the tests of the journal begin. */
export const T = 1_800_000_000_000;
export const SECOND = 1000;
export const MINUTE = 60_000;
export const DAY = 86_400_000;
/** How a thread of the journal loads TypeScript inside vitest. */
export const EXEC_ARGV = ['--import', import.meta.resolve('tsx')];

export function databaseFile(): string {
  return join(makeFolder(), 'state', 'pilotlight.db');
}

/** A database of the version before that table, with a run of the sync in it. */
export function databaseWithout(table: string): string {
  const file = databaseFile();
  openDatabase(DatabaseSync, file).close();
  rmSync(file);
  const old = new DatabaseSync(file);
  const version = MIGRATIONS.findIndex((sql) => sql.includes(`TABLE ${table}`));
  for (const step of MIGRATIONS.slice(0, version)) old.exec(step);
  old.exec(`INSERT INTO sync_run VALUES (5, NULL, 0); PRAGMA user_version = ${version}`);
  old.close();
  return file;
}

export interface Setup {
  readonly store: Store;
  readonly db: Database;
  /** Each event in a batch of its own. */
  readonly feed: (...events: readonly JournalEvent[]) => void;
}

export function openSetup(options: Partial<StoreOptions> = {}, file = databaseFile()): Setup {
  const db = openDatabase(DatabaseSync, file);
  const store = new Store(db, { days: 90, ...options });
  onTestFinished(() => {
    db.close();
  });
  return {
    store,
    db,
    feed: (...events) => {
      for (const event of events) {
        const { mistake } = store.write([entryOf(event)]);
        if (mistake !== undefined) expect.fail(mistake);
      }
    },
  };
}

export function entryOf(event: JournalEvent, times = 1): EventEntry {
  const transfer = 'ms' in event ? event : { ms: 0, bytes: 0 };
  return { event, times, began: event.at - transfer.ms, at: event.at, bytes: transfer.bytes };
}

export function macOf(n: number): string {
  return `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
}

export function factsOf(n: number, more: { uuid?: string; serial?: string; product?: string } = {}): MachineFacts {
  const labels = { serial: parseLabel(more.serial ?? ''), product: parseLabel(more.product ?? '') };
  const all = { mac: parseMac(macOf(n)), uuid: parseUuid(more.uuid ?? ''), ...labels };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Machine n asks from 10.0.0.n. */
export function addressOf(n: number): string {
  return `10.0.0.${n}`;
}

export function dhcp(at: number, n: number): JournalEvent {
  return { kind: 'dhcp', at, facts: factsOf(n), client: 'BIOS', file: 'undionly.kpxe' };
}

export function tftp(at: number, n: number, file = 'undionly.kpxe', ms = 100): JournalEvent {
  return { kind: 'tftp', at, from: addressOf(n), file, bytes: 70_000, ms, end: 'done' };
}

type Told = Partial<Decision> & { facts?: MachineFacts; deadline?: number; body?: string };

export function script(at: number, n: number, outcome: Decision['outcome'], more: Told = {}): JournalEvent {
  const { facts = factsOf(n), deadline, body = `#!ipxe\n# ${outcome}\n`, ...told } = more;
  const known =
    outcome === 'unknown' || outcome === 'menu' ? {} : { profile: 'workers', version: '1.0', node: `w${n}` };
  const decision = { outcome, ...known, because: `it is w${n}`, ...told };
  const limit = deadline === undefined ? {} : { deadline };
  return { kind: 'script', at, facts, from: addressOf(n), decision, body: Buffer.from(body), ...limit };
}

export function image(at: number, n: number, file = 'flatcar/amd64/1.0/vmlinuz', ms = 1200): JournalEvent {
  return { kind: 'file', at, from: addressOf(n), file, bytes: 54_525_952, ms, status: 200, complete: true };
}

export function document(at: number, n: number, body = '#cloud-config\n'): JournalEvent {
  const source = 'configs/worker.yml';
  return { kind: 'document', at, facts: factsOf(n), from: addressOf(n), source, body: Buffer.from(body) };
}

export function phoneHome(at: number, n: number, said: Readonly<Record<string, string>> = {}): JournalEvent {
  return { kind: 'phone-home', at, facts: factsOf(n), from: addressOf(n), said };
}

export function installed(at: number, n: number): JournalEvent {
  return { kind: 'installed', at, facts: factsOf(n), from: addressOf(n) };
}

export function refused(at: number, n: number, what = '/ipxe'): JournalEvent {
  return {
    kind: 'refused',
    at,
    facts: factsOf(n),
    from: addressOf(n),
    what,
    status: 503,
    message: 'profile is broken',
  };
}

export function operator(at: number, n: number, action: 'adopt' | 'assign' | 'reinstall' | 'release'): JournalEvent {
  return { kind: 'operator', at, facts: factsOf(n), action, text: `${action} by a person` };
}

export interface Said {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** A log that is read afterwards. */
export function listeningLog(): { readonly log: Log; readonly said: Said[] } {
  const said: Said[] = [];
  const at = (level: Said['level']) => (fields: LogFields, message: string) => said.push({ level, fields, message });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, said };
}
