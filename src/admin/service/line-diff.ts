import { diffArrays } from 'diff';
import type { DiffLine } from '../../model/file-views.ts';

/** More differences than this are not worth an alignment: the old text goes, the new one comes. */
const MAX_EDITS = 1000;

/** What changes from one text to the other, line by line and as short as possible, however their lines end. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const parts = diffArrays(old, now, { maxEditLength: MAX_EDITS }) ?? [
    { removed: true, added: false, value: old },
    { removed: false, added: true, value: now },
  ];
  return parts.flatMap(({ removed, added, value }) =>
    value.map((text): DiffLine => ({ sign: removed ? '-' : added ? '+' : ' ', text })),
  );
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  return text.endsWith('\n') ? lines.slice(0, -1) : lines;
}
