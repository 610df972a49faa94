import { plural } from '../../model/text.ts';
import type { DiffLine } from '../../model/file-views.ts';

/** A diff as pages show it: signs, words and colours. */
export interface TextDiff {
  readonly hunks: readonly { readonly skipped: string | undefined; readonly lines: readonly SignedLine[] }[];
  /** `2 lines added, 1 line removed`; `no difference`. */
  readonly summary: string;
  readonly same: boolean;
}

interface SignedLine {
  readonly sign: string;
  readonly text: string;
  readonly added: boolean;
  readonly removed: boolean;
}

/** `around`: how many equal lines stay beside a change. */
export function textDiff(diff: readonly DiffLine[], around?: number): TextDiff {
  const count = (sign: DiffLine['sign']): number => diff.filter((line) => line.sign === sign).length;
  const parts = [
    ...(count('+') > 0 ? [`${plural(count('+'), 'line')} added`] : []),
    ...(count('-') > 0 ? [`${plural(count('-'), 'line')} removed`] : []),
  ];
  return {
    hunks: hunks(diff, around).map(hunk),
    summary: parts.length === 0 ? 'no difference' : parts.join(', '),
    same: parts.length === 0,
  };
}

function hunk({ skipped, lines }: Hunk): TextDiff['hunks'][number] {
  return {
    skipped: skipped === 0 ? undefined : `${plural(skipped, 'equal line')} left out`,
    lines: lines.map(({ sign, text }) => ({ sign, text, added: sign === '+', removed: sign === '-' })),
  };
}

/** A part of a diff: changes with a few lines around them, and how many equal lines were left out before it. */
interface Hunk {
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
