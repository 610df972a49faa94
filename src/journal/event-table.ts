import { bytesText, durationText } from '../model/text.ts';
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { JournalEvent, ScriptEvent } from '../model/journal-event.ts';
import type { BootRecord } from './life.ts';
import type { EventEntry } from './queue.ts';
import { type Database, prepare } from './sqlite.ts';

/** The same again within this time is one row; a waiting machine asks every few seconds, for days. */
const AGAIN_MS = 60_000;
/** So that a row cannot stay young for ever. */
const LONGEST_MS = 3_600_000;
/** A machine in a loop must not fill the disk. */
const MOST_IN_BOOT = 2000;
const REMEMBERED = 50_000;

interface Last {
  readonly id: number;
  readonly boot: number;
  readonly same: string;
  readonly began: number;
  readonly row: EventRow;
}

export type EventTable = ReturnType<typeof openEventTable>;

/** The rows of `event`, where the same thing over and over is one row. */
export function openEventTable(db: Database) {
  const insert = prepare(
    db,
    `INSERT INTO event (boot, at, kind, line, what, ms, bytes, status, ok, times, digest)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const again = prepare(db, 'UPDATE event SET at = ?, ms = ?, bytes = ?, times = ? WHERE id = ?');
  /** By machine. */
  const lasts = new Map<number, Last>();

  function repeat(last: Last, row: EventRow): EventRow {
    const transfer = row.kind === 'file' || row.kind === 'tftp';
    const at = Math.max(last.row.at, row.at);
    const all: EventRow = {
      ...last.row,
      at,
      times: last.row.times + row.times,
      // Parts of one file, fetched one after the other or side by side: all together took from the first to the last.
      ms: transfer ? Math.max(0, Math.round(at - last.began)) : last.row.ms,
      bytes: transfer ? (last.row.bytes ?? 0) + (row.bytes ?? 0) : last.row.bytes,
    };
    again.run(all.at, all.ms, all.bytes, all.times, last.id);
    return all;
  }

  function remember(machine: number, last: Last): void {
    if (lasts.size >= REMEMBERED) lasts.clear();
    lasts.set(machine, last);
  }

  return {
    /** How many rows it made: none when it was the same again, or when the boot has too many. */
    add(boot: BootRecord, row: EventRow, began: number, digest: Buffer | null): 0 | 1 {
      const { at, kind, line, what, ms, bytes, status, ok, times } = row;
      const same = `${sameness(row)}\n${digest?.toString('hex') ?? ''}`;
      const last = lasts.get(boot.machine);
      const repeats = last?.boot === boot.id && last.same === same;
      if (repeats && at - last.row.at <= AGAIN_MS && at - last.began <= LONGEST_MS) {
        remember(boot.machine, { ...last, row: repeat(last, row) });
        return 0;
      }
      if (boot.events >= MOST_IN_BOOT) return 0;
      const { lastInsertRowid } = insert.run(boot.id, at, kind, line, what, ms, bytes, status, ok, times, digest);
      remember(boot.machine, { id: Number(lastInsertRowid), boot: boot.id, same, began, row });
      return 1;
    },
    /** What is remembered may be wrong: a transaction was rolled back, or rows were removed. */
    forget(): void {
      lasts.clear();
    },
  };
}

/** An event as it is stored. */
export interface EventRow {
  readonly at: number;
  readonly kind: JournalEvent['kind'];
  /** Null where the line is made of the figures when it is shown. */
  readonly line: string | null;
  readonly what: string | null;
  readonly ms: number | null;
  readonly bytes: number | null;
  readonly status: number | null;
  readonly ok: 0 | 1;
  readonly times: number;
}

const LONGEST = 500;

type Particulars = Partial<Omit<EventRow, 'at' | 'kind' | 'times'>>;

export function rowOf({ event, times, began, at, bytes }: EventEntry): EventRow {
  const base = { line: null, what: null, ms: null, bytes: null, status: null, ok: 1 } as const;
  const row = { ...base, ...particularsOf(event, whole(at - began), whole(bytes)) };
  return { ...row, at: whole(at), kind: event.kind, times };
}

function particularsOf(event: JournalEvent, ms: number, bytes: number): Particulars {
  switch (event.kind) {
    case 'dhcp': {
      const what = event.file === undefined ? null : clean(event.file);
      const told =
        event.silence === undefined ? `told to load ${event.file ?? 'nothing'}` : `left alone, ${event.silence}`;
      return { what, line: clean(`DHCP (${event.client}): ${told}`) };
    }
    case 'tftp': {
      const ok = event.end === 'done';
      const file = clean(event.file);
      return { what: file, ms, bytes, ok: ok ? 1 : 0, line: ok ? null : clean(`${file} over TFTP: ${event.end}`) };
    }
    case 'script':
      return { line: clean(scriptLine(event)) };
    case 'file': {
      const ok = event.complete && event.status < 400 ? 1 : 0;
      return { what: clean(event.file), ms, bytes, status: whole(event.status), ok };
    }
    case 'document': {
      const source = clean(event.source);
      return { what: source, bytes: event.body.length, line: `sent ${source}, ${bytesText(event.body.length)}` };
    }
    case 'phone-home': {
      const said = Object.entries(event.said).map(([name, value]) => `${name}=${value}`);
      return { line: clean(said.length === 0 ? 'phoned home' : `phoned home: ${said.join(', ')}`) };
    }
    case 'installed':
      return { line: 'the installer reported that it is done' };
    case 'refused': {
      const what = clean(event.what);
      const line = clean(`${what} refused with ${event.status}: ${event.message}`);
      return { what, status: whole(event.status), ok: 0, line };
    }
    case 'incident':
      return { ok: 0, line: clean(event.text) };
    case 'operator':
      return { what: event.action, line: clean(event.text), ok: event.failed === true ? 0 : 1 };
  }
}

function scriptLine({ decision }: ScriptEvent): string {
  const { outcome, profile, version = '', because } = decision;
  const image = profile === undefined ? '' : ` profile ${profile}${version === '' ? '' : ` ${version}`}`;
  const told = {
    boot: `told to boot${image === '' ? ' an image' : image}`,
    install: `told to install${image}`,
    local: 'told to boot its own disk',
    menu: 'shown the menu',
    unknown: 'told that it is unknown',
    waiting: 'told to wait and ask again',
  }[outcome];
  return `${told}: ${because}`;
}

/** The line of a row that has none of its own. */
export function transferLine(
  row: Pick<EventRow, 'kind' | 'what' | 'ms' | 'bytes' | 'ok' | 'status' | 'times'>,
): string {
  const file = (row.what ?? '').split('/').at(-1) ?? '';
  const size = bytesText(row.bytes ?? 0);
  const seconds = (row.ms ?? 0) / 1000;
  const rate = seconds > 0 ? ` (${bytesText((row.bytes ?? 0) / seconds)}/s)` : '';
  const requests = row.times > 1 ? ` in ${row.times} requests` : '';
  const took = `${size} in ${durationText(row.ms ?? 0)}${rate}${requests}`;
  if (row.kind === 'tftp') return `${file} over TFTP, ${took}`;
  if (row.ok === 1) return `${file}, ${took}`;
  const status = row.status ?? 0;
  return status >= 400 ? `${file} failed with ${status}` : `${file} was cut off after ${took}`;
}

/** By what two rows are the same happening. */
export function sameness({ kind, what, line, status, ok }: EventRow): string {
  return `${kind}\n${what ?? ''}\n${line ?? ''}\n${status ?? ''}\n${ok}`;
}

/** SQLite keeps whole numbers here, and clocks give fractions. */
export function whole(number: number): number {
  return Number.isFinite(number) ? Math.max(0, Math.round(number)) : 0;
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]+/g;

function clean(text: string): string {
  return text.slice(0, LONGEST).replaceAll(CONTROL, ' ').trim();
}

/** A text that is sent every day must not count as old; its time need not be exact. */
const REFRESH_MS = 3_600_000;
const REMEMBERED_TEXTS = 10_000;
/** Nothing that is rendered comes near it. */
const LARGEST = 16 * 2 ** 20;

export type SentTexts = ReturnType<typeof openSentTexts>;

/** What machines were sent, each text once however many got it. */
export function openSentTexts(db: Database) {
  const put = prepare<[Buffer, number, Buffer]>(
    db,
    'INSERT INTO sent (digest, at, body) VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET at = max(at, excluded.at)',
  );
  const touch = prepare<[number, Buffer]>(db, 'UPDATE sent SET at = max(at, ?) WHERE digest = ?');
  const select = prepare<[Buffer], { body: Buffer }>(db, 'SELECT body FROM sent WHERE digest = ?');
  /** Digest (hex) to when it was last written. */
  const fresh = new Map<string, number>();
  return {
    /** Gives the text's digest; null for one that is too large to keep. */
    keep(body: Uint8Array, at: number): Buffer | null {
      if (body.length > LARGEST) return null;
      const digest = createHash('sha256').update(body).digest();
      const name = digest.toString('hex');
      const kept = fresh.get(name);
      if (kept !== undefined && at - kept < REFRESH_MS) return digest;
      if (touch.run(at, digest).changes === 0) put.run(digest, at, deflateRawSync(body));
      if (fresh.size >= REMEMBERED_TEXTS) fresh.clear();
      fresh.set(name, at);
      return digest;
    },
    get(digest: string): Uint8Array | undefined {
      if (!/^[0-9a-f]{64}$/.test(digest)) return undefined;
      const row = select.get(Buffer.from(digest, 'hex'));
      return row && new Uint8Array(inflateRawSync(row.body));
    },
    /** What is remembered may be gone: rows were removed, or a transaction was rolled back. */
    forget(): void {
      fresh.clear();
    },
  };
}
