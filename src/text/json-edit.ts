import { applyEdits, getNodeValue, modify, parseTree, type Node as Tree } from 'jsonc-parser';
import { Failure } from '../model/failure.ts';
import { isObject, type Json, type JsonObject } from '../model/profile.ts';
import type { Path } from './text.ts';

// Edits of the text of a JSON file that change nothing beside what they name. The text must be JSON already (parseJson).

/** The text with this value at the path: in the place of the one that is there, or behind the last one of a list. */
export function withValue(text: string, path: Path, value: unknown): string {
  // Without formatting options: they would also change the lines beside it.
  return applyEdits(text, modify(text, [...path], value, { isArrayInsertion: typeof path.at(-1) === 'number' }));
}

/**
 * The text with one object more at the end of the list `key`, set as its neighbours are. jsonc-parser's own `modify` sets
 * it in one way for all files. Throws Failure `broken` where the text is no object, or `key` no list.
 */
export function withItem(text: string, key: string, item: JsonObject): string {
  const root = objectOf(text);
  const style = styleOf(text, root);
  const list = listOf(root, key);
  if (list === undefined) return withList(text, root, key, item, style);
  const layout = layoutOf(text, list);
  const last = list.children?.at(-1);
  if (layout === undefined || last === undefined) {
    const line = text.slice(text.lastIndexOf('\n', list.offset) + 1, list.offset);
    const own = /^[ \t]*"/.test(line) && style.indent !== '';
    return splice(text, list, listText(item, style, own ? (/^[ \t]*/.exec(line)?.[0] ?? '') : undefined));
  }
  const like = last.type === 'object' ? layoutOf(text, last) : undefined;
  return insert(text, endOf(last), `${layout.between}${valueText(item, like ?? lineLayout(style), style)}`);
}

/** In a file without the list: behind its last key. */
function withList(text: string, root: Tree, key: string, item: JsonObject, style: Style): string {
  const layout = layoutOf(text, root);
  const last = root.children?.at(-1);
  const name = JSON.stringify(key);
  if (layout === undefined || last === undefined) {
    const list = listText(item, style, style.indent);
    return splice(text, root, `{${style.eol}${style.indent}${name}${style.colon}${list}${style.eol}}`);
  }
  const gap = layout.between.includes('\n') ? layout.between : layout.open;
  const indent = gap.includes('\n') ? (/\n([ \t]*)[^\n]*$/.exec(gap)?.[1] ?? '') : undefined;
  return insert(text, endOf(last), `${layout.between}${name}${layout.colon}${listText(item, style, indent)}`);
}

/** A list of one item: on a line of its own below `indent`; everything on one line where the file is. */
function listText(item: JsonObject, style: Style, indent: string | undefined): string {
  const text = valueText(item, lineLayout(style), style);
  return indent === undefined ? `[${text}]` : `[${style.eol}${indent}${style.indent}${text}${style.eol}${indent}]`;
}

/**
 * The text without the first item of the list `key` that is `wanted`; with it goes one comma. Undefined when there is
 * none. Throws Failure `broken` where `key` is no list. (`modify` takes a bracket too much where a list ends its line.)
 */
export function withoutItem(
  text: string,
  key: string,
  wanted: (item: JsonObject) => boolean,
): { readonly text: string; readonly item: JsonObject } | undefined {
  const root = parseTree(text);
  const list = root?.type === 'object' ? listOf(root, key) : undefined;
  const entries = list?.children ?? [];
  for (const [index, entry] of entries.entries()) {
    const item = getNodeValue(entry) as Json;
    if (list === undefined || !isObject(item) || !wanted(item)) continue;
    const [before, after] = [entries[index - 1], entries[index + 1]];
    const [from, to] =
      after !== undefined
        ? [entry.offset, after.offset]
        : before === undefined
          ? [list.offset + 1, endOf(list) - 1]
          : [endOf(before), endOf(entry)];
    return { item, text: text.slice(0, from) + text.slice(to) };
  }
  return undefined;
}

function objectOf(text: string): Tree {
  const root = parseTree(text);
  if (root?.type !== 'object') throw broken('is not one JSON object');
  return root;
}

function listOf(root: Tree, key: string): Tree | undefined {
  const value = root.children?.find((property) => property.children?.[0]?.value === key)?.children?.[1];
  if (value !== undefined && value.type !== 'array') throw broken(`\`${key}\` is not a list`);
  return value;
}

function broken(message: string): Failure {
  return new Failure('broken', message, { remedy: 'correct the file first' });
}

/** How the entries of an object or a list are set: the text that stands between them. All of it white space and commas. */
interface Layout {
  /** Behind the opening bracket. */
  readonly open: string;
  /** Between two entries: the comma, and what is around it. */
  readonly between: string;
  /** Before the closing bracket. */
  readonly close: string;
  /** Between a name and its value. */
  readonly colon: string;
}

/** How a whole file is set, where nothing nearer says it. */
interface Style {
  readonly eol: string;
  /** One level of indentation; empty for a file on one line. */
  readonly indent: string;
  /** What stands behind commas on one line. */
  readonly blank: string;
  readonly colon: string;
}

function styleOf(text: string, root: Tree): Style {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const [first] = root.children ?? [];
  if (first === undefined) return { eol, indent: '  ', blank: ' ', colon: ': ' };
  const open = text.slice(root.offset + 1, first.offset);
  const indent = open.includes('\n') ? open.slice(open.lastIndexOf('\n') + 1) || '  ' : '';
  const blank = /":\s|,[ \t]/.test(text) ? ' ' : '';
  return { eol, indent, blank, colon: `:${blank}` };
}

/** Undefined for an empty one. */
function layoutOf(text: string, tree: Tree): Layout | undefined {
  const entries = tree.children ?? [];
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const open = text.slice(tree.offset + 1, first.offset);
  const close = text.slice(endOf(last), endOf(tree) - 1);
  const gaps = entries.slice(1).map((entry, i) => text.slice(endOf(entries[i] ?? entry), entry.offset));
  const [key, value] = first.type === 'property' ? (first.children ?? []) : [];
  const colon =
    key !== undefined && value !== undefined ? text.slice(endOf(key), value.offset) : /":\s/.test(text) ? ': ' : ':';
  // One entry alone has no gap to copy: the next one begins as it did.
  const between = open.includes('\n') ? `,${open}` : open !== '' || /\s$/.test(colon) ? ', ' : ',';
  return { open, between: usual(gaps) ?? between, close, colon };
}

/** The gap that most entries have; of two, the later one. */
function usual(gaps: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1);
  let best: string | undefined;
  for (const [gap, count] of counts) if (count >= (counts.get(best ?? '') ?? 0)) best = gap;
  return best;
}

/** Everything on one line. */
function lineLayout({ blank, colon }: Style): Layout {
  return { open: blank, between: `,${blank}`, close: blank, colon };
}

/** A value in a layout; what it holds stands on one line, or on lines of its own one level deeper, as the value does. */
function valueText(value: Json, layout: Layout, style: Style): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const lines = layout.open.includes('\n');
  const line = `${style.eol}${layout.open.slice(layout.open.lastIndexOf('\n') + 1)}`;
  const deeper = `${line}${style.indent || '  '}`;
  const inner = lines ? { ...layout, open: deeper, between: `,${deeper}`, close: line } : layout;
  const list = Array.isArray(value);
  const entries = list
    ? (value as readonly Json[]).map((one) => valueText(one, inner, style))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}${layout.colon}${valueText(one, inner, style)}`);
  const [from, to] = list ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return `${from}${to}`;
  const [open, close] = list && !lines ? ['', ''] : [layout.open, layout.close];
  return `${from}${open}${entries.join(layout.between)}${close}${to}`;
}

function splice(text: string, { offset, length }: Pick<Tree, 'offset' | 'length'>, by: string): string {
  return text.slice(0, offset) + by + text.slice(offset + length);
}

function insert(text: string, offset: number, what: string): string {
  return splice(text, { offset, length: 0 }, what);
}

function endOf(tree: Tree): number {
  return tree.offset + tree.length;
}
