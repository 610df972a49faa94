import type { DiffLine } from '../../model/views.ts';

/** More differences than this are not worth an alignment: the old text goes, the new one comes. */
const MAX_EDITS = 600;

/** What changes from one text to the other, line by line and as short as possible (Myers 1986, with its trace kept). */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** A part of a diff: changes with a few lines around them, and how many equal lines were left out before it. */
export interface Hunk {
  readonly skipped: number;
  readonly lines: readonly DiffLine[];
}

export function hunks(diff: readonly DiffLine[], around = 3): readonly Hunk[] {
  const near = new Set<number>();
  for (const [i, line] of diff.entries()) {
    if (line.sign === ' ') continue;
    for (let j = Math.max(0, i - around); j <= Math.min(diff.length - 1, i + around); j += 1) near.add(j);
  }
  const made: { skipped: number; lines: DiffLine[] }[] = [];
  let last = -1;
  for (const [i, line] of diff.entries()) {
    if (!near.has(i)) continue;
    const open = i === last + 1 ? made.at(-1) : undefined;
    if (open === undefined) made.push({ skipped: i - last - 1, lines: [line] });
    else open.lines.push(line);
    last = i;
  }
  return made;
}

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  return text.endsWith('\n') ? lines.slice(0, -1) : lines;
}

function middle(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const replaced = (): readonly DiffLine[] => [...a.map(gone), ...b.map(come)];
  if (a.length === 0 || b.length === 0) return replaced();
  const trace: ReadonlyMap<number, number>[] = [];
  let reach = new Map([[1, 0]]);
  for (let edits = 0; edits <= Math.min(a.length + b.length, MAX_EDITS); edits += 1) {
    trace.push(reach);
    const next = new Map<number, number>();
    for (let k = -edits; k <= edits; k += 2) {
      let x = downAt(reach, k, edits) ? at(reach, k + 1) : at(reach, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace);
    }
    reach = next;
  }
  return replaced();
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const reach = trace[edits] ?? new Map<number, number>();
    const k = x - y;
    const down = downAt(reach, k, edits);
    const fromX = edits === 0 ? 0 : at(reach, down ? k + 1 : k - 1);
    const fromY = edits === 0 ? 0 : fromX - (down ? k + 1 : k - 1);
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      lines.push(same(a[x] ?? ''));
    }
    if (edits === 0) break;
    lines.push(down ? come(b[fromY] ?? '') : gone(a[fromX] ?? ''));
    x = fromX;
    y = fromY;
  }
  return lines.reverse();
}

/** Whether the furthest path to this diagonal comes from above: a line that is added. */
function downAt(reach: ReadonlyMap<number, number>, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && at(reach, k - 1) < at(reach, k + 1));
}

function at(reach: ReadonlyMap<number, number>, k: number): number {
  return reach.get(k) ?? 0;
}

function same(text: string): DiffLine {
  return { sign: ' ', text };
}
function gone(text: string): DiffLine {
  return { sign: '-', text };
}
function come(text: string): DiffLine {
  return { sign: '+', text };
}
