import { diffArrays } from 'diff';
import type { DiffLine } from '../../model/file-views.ts';

/** More differences than this are not worth an alignment: the old text goes, the new one comes. */
const MAX_EDITS = 1000;

/** More lines than this are not compared: 16 MiB of them would take the server from machines for half a minute. */
const MAX_LINES = 100_000;

/** What changes from one text to the other, line by line and as short as possible, however their lines end. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  if (countLines(before) + countLines(after) > MAX_LINES) return longDiff(before, after);
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

/** Of long texts: without what both begin and end with, and of the rest so much as can be looked at. */
function longDiff(...texts: readonly [string, string]): readonly DiffLine[] {
  const [before, after] = texts.map((text) => text.replaceAll('\r\n', '\n')) as [string, string];
  const start = commonStart(before, after);
  const end = commonEnd(before.slice(start), after.slice(start));
  const [old, now] = [before, after].map((text) => firstLines(text.slice(start, text.length - end))) as [Part, Part];
  const left = old.left + now.left;
  return [
    ...leftOut(countLines(before.slice(0, start)), 'equal lines before this'),
    ...lineDiff(old.text, now.text),
    ...leftOut(left, 'lines more, which are not compared'),
    ...leftOut(countLines(before.slice(before.length - end)), 'equal lines after this'),
  ];
}

function leftOut(count: number, what: string): readonly DiffLine[] {
  return count === 0 ? [] : [{ sign: ' ', text: `(${count.toLocaleString('en-GB')} ${what})` }];
}

/** Where the first line begins that is another one. */
function commonStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at === a.length && at === b.length ? at : a.lastIndexOf('\n', at - 1) + 1;
}

/** How much behind a line end is the same in both. */
function commonEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) length += 1;
  const found = a.indexOf('\n', a.length - length);
  return found === -1 ? 0 : a.length - found - 1;
}

interface Part {
  readonly text: string;
  /** Lines that are not in it. */
  readonly left: number;
}

function firstLines(text: string): Part {
  let end = 0;
  for (let count = 0; count < MAX_LINES / 2; count += 1) {
    end = text.indexOf('\n', end) + 1;
    if (end === 0) return { text, left: 0 };
  }
  return { text: text.slice(0, end), left: countLines(text.slice(end)) };
}

function countLines(text: string): number {
  let count = text === '' || text.endsWith('\n') ? 0 : 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
