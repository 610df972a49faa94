import type { Path } from './finding.ts';

/** A value of a parsed document with the path that leads to it. */
export interface Placed {
  readonly path: Path;
  readonly value: unknown;
}

/** Where a rule says what it found. */
export interface Report {
  error(place: Placed, message: string, remedy: string): void;
  warn(place: Placed, message: string, remedy: string): void;
}

/** What a key holds; undefined where there is no such key or nothing to look into. Never a prototype's property. */
export function at(placed: Placed, ...steps: Path): Placed {
  let { value } = placed;
  for (const step of steps) {
    const map = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    value = map ? (value as Readonly<Record<string | number, unknown>>)[step] : undefined;
  }
  return { path: [...placed.path, ...steps], value };
}

/** The items of a list; none when it is no list. */
export function itemsOf(placed: Placed, ...steps: Path): readonly Placed[] {
  const list = at(placed, ...steps);
  if (!Array.isArray(list.value)) return [];
  return list.value.map((value: unknown, i) => ({ path: [...list.path, i], value }));
}

/** Text, or the empty string for everything else. */
export function textAt(placed: Placed, ...steps: Path): string {
  const { value } = at(placed, ...steps);
  return typeof value === 'string' ? value : '';
}
