import { gzipSync } from 'node:zlib';

/** Bytes for people: `74.5 MiB`, `16 MiB`, `355 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '');
  return `${digits} ${units[unit] ?? ''}`;
}

/** Milliseconds for people: `40 ms`, `1.2 s`, `41 s`, `2 min 05 s`, `1 h 04 min`, `3 d 2 h`. */
export function durationText(ms: number): string {
  const shown = Math.max(0, ms);
  if (shown < 999.5) return `${Math.round(shown)} ms`;
  if (shown < 9950) return `${(shown / 1000).toFixed(1)} s`;
  const seconds = Math.round(shown / 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** How far `ms` from now is, in one unit: `just now`, `40 s ago`, `in 3 h`. Rounds down, as clocks do. */
export function relativeText(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds < 5) return 'just now';
  const [, size, unit] = UNITS.find(([limit]) => seconds < limit) ?? DAYS;
  const text = `${Math.floor(seconds / size)} ${unit}`;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

type Unit = readonly [limit: number, size: number, unit: string];
const DAYS: Unit = [Infinity, 86_400, 'd'];
const UNITS: readonly Unit[] = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [172_800, 3600, 'h'],
];

/** A moment (milliseconds since 1970): `2026-11-21 05:12:07 UTC`. */
export function utcText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `1 node`, `12,345 nodes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** Packed, and the same bytes on every host: the header's time is 0 already, its tenth byte would name the host's system. */
export function gzipBase64(value: string | Uint8Array): string {
  const bytes = gzipSync(value, { level: 9 });
  bytes[9] = 255;
  return bytes.toString('base64');
}

/**
 * The known word that was probably meant: for "did you mean". Undefined when nothing is near: more than a third of the
 * letters would have to change. `-`, `_` and upper case count as no difference.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word);
  // Of one letter anything is near.
  if (wanted.length > 64 || wanted.length < 2) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceBelow(wanted, plain(candidate), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Letters to insert, drop, replace or swap with their neighbour; `limit` or more when it is at least that. */
function distanceBelow(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? limit;
}
