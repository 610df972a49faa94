import type { JournalEvent, ScriptEvent } from '../model/journal-event.ts';
import type { EventEntry } from './queue.ts';

/** An event as it is stored. */
export interface EventRow {
  readonly at: number;
  readonly kind: JournalEvent['kind'];
  /** Null where the line is made of the figures when somebody looks. */
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
    case 'operator':
      return { what: event.action, line: clean(event.text) };
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
    unknown: 'told that nobody knows it',
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
  const took = `${size} in ${secondsText(seconds)}${rate}${requests}`;
  if (row.kind === 'tftp') return `${file} over TFTP, ${took}`;
  if (row.ok === 1) return `${file}, ${took}`;
  const status = row.status ?? 0;
  return status >= 400 ? `${file} failed with ${status}` : `${file} was cut off after ${took}`;
}

/** Times of several: by what two rows are the same happening. */
export function sameness(row: EventRow): string {
  return `${row.kind}\n${row.what ?? ''}\n${row.line ?? ''}\n${row.status ?? ''}\n${row.ok}`;
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

function secondsText(seconds: number): string {
  return seconds >= 10 ? `${Math.round(seconds)} s` : `${seconds.toFixed(1)} s`;
}

/** `52 MiB`: for people. */
function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
