import type { DiffLine } from '../../model/views.ts';
import { plural } from './format.ts';
import { hunks, type Hunk } from './line-diff.ts';

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

export function textDiff(diff: readonly DiffLine[]): TextDiff {
  const count = (sign: DiffLine['sign']): number => diff.filter((line) => line.sign === sign).length;
  const parts = [
    ...(count('+') > 0 ? [`${plural(count('+'), 'line')} added`] : []),
    ...(count('-') > 0 ? [`${plural(count('-'), 'line')} removed`] : []),
  ];
  return {
    hunks: hunks(diff).map(hunk),
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
