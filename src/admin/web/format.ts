/** Bytes for people: `74.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Milliseconds for people: `40 ms`, `1.2 s`, `41 s`, `2 min 05 s`, `1 h 04 min`, `3 d 2 h`. */
export function durationText(ms: number): string {
  const shown = Math.max(0, ms);
  if (shown < 999.5) return `${String(Math.round(shown))} ms`;
  if (shown < 9950) return `${(shown / 1000).toFixed(1)} s`;
  const seconds = Math.round(shown / 1000);
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min ${pad(seconds % 60)} s`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h ${pad(Math.floor((seconds % 3600) / 60))} min`;
  return `${String(Math.floor(seconds / 86_400))} d ${String(Math.floor((seconds % 86_400) / 3600))} h`;
}

/** A moment as pages show it: `<time datetime title>relative</time>`. */
export interface Moment {
  readonly iso: string;
  /** `2026-11-21 05:12:07 UTC`. */
  readonly exact: string;
  /** `3 min ago`. assets/dashboard.js lets it tick with the same words. */
  readonly relative: string;
}

export function moment(at: number, now: number): Moment {
  const iso = new Date(at).toISOString();
  return { iso, exact: `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`, relative: relativeText(at - now) };
}

export function optionalMoment(at: number | undefined, now: number): Moment | undefined {
  return at === undefined ? undefined : moment(at, now);
}

/** How far `ms` from now is, in one unit: `just now`, `40 s ago`, `in 3 h`. Rounds down, as clocks do. */
export function relativeText(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds < 5) return 'just now';
  const [, size, unit] = UNITS.find(([limit]) => seconds < limit) ?? DAYS;
  const text = `${String(Math.floor(seconds / size))} ${unit}`;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

type Unit = readonly [limit: number, size: number, unit: string];
const DAYS: Unit = [Infinity, 86_400, 'd'];
const UNITS: readonly Unit[] = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [172_800, 3600, 'h'],
];

/** `1 node`, `3 nodes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** A number with at most two decimals, for SVG attributes. */
export function svgNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
