import type { Node as Tree } from 'jsonc-parser';
import type { Json, JsonObject } from '../model/profile.ts';

/** How the entries of an object or a list are set: the text that stands between them. All of it white space and commas. */
export interface Layout {
  /** Behind the opening bracket. */
  readonly open: string;
  /** Between two entries: the comma, and what is around it. */
  readonly between: string;
  /** Before the closing bracket. */
  readonly close: string;
  /** Between a name and its value; of an object only. */
  readonly colon: string;
}

/** How a whole file is set, where nothing nearer says it. */
export interface FileStyle {
  readonly eol: string;
  /** One level of indentation; empty for a file on one line. */
  readonly indent: string;
  /** A blank behind colons and commas. */
  readonly blanks: boolean;
}

/** Of the tree's own text. */
export function fileStyle(text: string, root: Tree): FileStyle {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const [first] = root.children ?? [];
  const open = first === undefined ? eol : text.slice(root.offset + 1, first.offset);
  const indent = open.includes('\n') ? open.slice(open.lastIndexOf('\n') + 1) || '  ' : '';
  return { eol, indent: first === undefined ? '  ' : indent, blanks: first === undefined || /":\s|,[ \t]/.test(text) };
}

/** How an object or a list with entries is set; undefined for an empty one. */
export function layoutOf(text: string, tree: Tree): Layout | undefined {
  const entries = tree.children ?? [];
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const open = text.slice(tree.offset + 1, first.offset);
  const close = text.slice(endOf(last), endOf(tree) - 1);
  const gaps = entries.slice(1).map((entry, i) => text.slice(endOf(entries[i] ?? entry), entry.offset));
  const [key, value] = first.children ?? [];
  const colon =
    first.type === 'property' && key !== undefined && value !== undefined
      ? text.slice(endOf(key), value.offset)
      : defaultColon(text);
  return { open, between: usual(gaps) ?? betweenOf(open, colon), close, colon };
}

/** For an object whose entries stand on lines of their own below `indent`, or all on one line. */
export function plainLayout(style: FileStyle, indent: string | undefined): Layout {
  const colon = style.blanks ? ': ' : ':';
  if (indent === undefined) {
    const pad = style.blanks ? ' ' : '';
    return { open: pad, between: `,${pad}`, close: pad, colon };
  }
  const line = `${style.eol}${indent}${style.indent}`;
  return { open: line, between: `,${line}`, close: `${style.eol}${indent}`, colon };
}

/** An object in a layout. Values that are objects or lists stand on one line, or on lines of their own like it. */
export function objectText(value: JsonObject, layout: Layout, style: FileStyle): string {
  const entries = Object.entries(value).map(
    ([key, of]) => `${JSON.stringify(key)}${layout.colon}${valueText(of, layout, style)}`,
  );
  return `{${layout.open}${entries.join(layout.between)}${layout.close}}`;
}

function valueText(value: Json, layout: Layout, style: FileStyle): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (!layout.open.includes('\n')) return spaced(value, layout);
  const indent = layout.open.slice(layout.open.lastIndexOf('\n') + 1);
  return JSON.stringify(value, undefined, style.indent || '  ').replaceAll('\n', `${style.eol}${indent}`);
}

function spaced(value: Json, layout: Layout): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const list = Array.isArray(value);
  const entries = list
    ? (value as readonly Json[]).map((one) => spaced(one, layout))
    : Object.entries(value as JsonObject).map(
        ([k, one]) => `${JSON.stringify(k)}${layout.colon}${spaced(one, layout)}`,
      );
  const inside = entries.join(layout.between);
  if (list) return `[${inside}]`;
  return entries.length === 0 ? '{}' : `{${layout.open}${inside}${layout.close}}`;
}

export function endOf(tree: Tree): number {
  return tree.offset + tree.length;
}

/** The gap that most entries have; of two, the later one. */
function usual(gaps: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1);
  let best: string | undefined;
  for (const [gap, count] of counts) if (count >= (counts.get(best ?? '') ?? 0)) best = gap;
  return best;
}

// One entry alone has no gap to copy: the next one begins as it did.
function betweenOf(open: string, colon: string): string {
  if (open.includes('\n')) return `,${open}`;
  return open !== '' || /\s$/.test(colon) ? ', ' : ',';
}

function defaultColon(text: string): string {
  return /":\s/.test(text) ? ': ' : ':';
}
