import { getNodeValue, parseTree, type Node as Tree } from 'jsonc-parser';
import { Failure } from '../model/failure.ts';
import type { Json, JsonObject } from '../model/profile.ts';

/**
 * The text of a profile with one more node at the end of its `nodes`, set as its neighbours are; nothing else changes.
 * The text must be JSON that passed readJson. Throws Failure `broken` for one that is no profile at all.
 */
export function withNode(text: string, node: JsonObject): string {
  const root = parseTree(text);
  if (root?.type !== 'object') throw notAProfile('is not one JSON object');
  const style = fileStyle(text, root);
  const nodes = nodesIn(root);
  if (nodes === undefined) return withNodes(text, root, node, style);
  const layout = layoutOf(text, nodes);
  const last = nodes.children?.at(-1);
  if (layout === undefined || last === undefined) return splice(text, nodes, listText(text, nodes, node, style));
  return insert(text, endOf(last), `${layout.between}${likeText(text, last, node, style)}`);
}

/** The `nodes` of a profile; undefined when it has none. Throws Failure `broken` when it is no list. */
function nodesIn(root: Tree): Tree | undefined {
  const value = root.children?.find((property) => property.children?.[0]?.value === 'nodes')?.children?.[1];
  if (value !== undefined && value.type !== 'array') throw notAProfile('`nodes` is not a list');
  return value;
}

function splice(text: string, tree: Pick<Tree, 'offset' | 'length'>, by: string): string {
  return text.slice(0, tree.offset) + by + text.slice(tree.offset + tree.length);
}

function insert(text: string, offset: number, what: string): string {
  return splice(text, { offset, length: 0 }, what);
}

/** A node set as the one before it. */
function likeText(text: string, last: Tree, node: JsonObject, style: FileStyle): string {
  const layout = last.type === 'object' ? layoutOf(text, last) : undefined;
  return objectText(node, layout ?? plainLayout(style, undefined), style);
}

/** A profile without `nodes` gets them behind its last key. */
function withNodes(text: string, root: Tree, node: JsonObject, style: FileStyle): string {
  const layout = layoutOf(text, root);
  const last = root.children?.at(-1);
  if (layout === undefined || last === undefined) {
    const fresh = plainLayout(style, '');
    const list = freshList(node, style, style.indent);
    return splice(text, root, `{${fresh.open}"nodes"${fresh.colon}${list}${fresh.close}}`);
  }
  const list = freshList(node, style, indentBefore(layout));
  return insert(text, endOf(last), `${layout.between}"nodes"${layout.colon}${list}`);
}

/** In the place of an empty list. */
function listText(text: string, nodes: Tree, node: JsonObject, style: FileStyle): string {
  const line = text.slice(text.lastIndexOf('\n', nodes.offset) + 1, nodes.offset);
  const own = /^[ \t]*"/.test(line) && style.indent !== '';
  return freshList(node, style, own ? (/^[ \t]*/.exec(line)?.[0] ?? '') : undefined);
}

/** One node a line; everything on one line where the file is. */
function freshList(node: JsonObject, style: FileStyle, indent: string | undefined): string {
  const text = objectText(node, plainLayout(style, undefined), style);
  if (indent === undefined) return `[${text}]`;
  return `[${style.eol}${indent}${style.indent}${text}${style.eol}${indent}]`;
}

/** Undefined for keys that do not stand on lines of their own. */
function indentBefore({ open, between }: Layout): string | undefined {
  const gap = between.includes('\n') ? between : open;
  return gap.includes('\n') ? (/\n([ \t]*)[^\n]*$/.exec(gap)?.[1] ?? '') : undefined;
}

function notAProfile(message: string): Failure {
  return new Failure('broken', message, { remedy: 'correct the file first' });
}

/** The node as it stands in the file, and the file's text without it. */
interface Taken {
  readonly text: string;
  readonly node: JsonObject;
}

/**
 * The text of a profile without its first node that is `wanted`; with it goes the comma, and nothing else changes.
 * Undefined when there is none. Throws Failure `broken` as withNode does.
 */
export function withoutNode(text: string, wanted: (node: JsonObject) => boolean): Taken | undefined {
  const root = parseTree(text);
  const list = root?.type === 'object' ? nodesIn(root) : undefined;
  const entries = list?.children ?? [];
  for (const [index, entry] of entries.entries()) {
    const node = getNodeValue(entry) as Json;
    if (!isObject(node) || !wanted(node)) continue;
    return { node, text: splice(text, rangeOf(list, entries, index), '') };
  }
  return undefined;
}

/** With the comma before it for the last one, with the comma behind it for every other, all of the inside for the only one. */
function rangeOf(list: Tree | undefined, entries: readonly Tree[], index: number): Pick<Tree, 'offset' | 'length'> {
  const entry = entries[index];
  const [before, after] = [entries[index - 1], entries[index + 1]];
  if (list === undefined || entry === undefined) throw new TypeError('a node of no list');
  if (after !== undefined) return { offset: entry.offset, length: after.offset - entry.offset };
  if (before !== undefined) return { offset: endOf(before), length: endOf(entry) - endOf(before) };
  return { offset: list.offset + 1, length: list.length - 2 };
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** How the entries of an object or a list are set: the text that stands between them. All of it white space and commas. */
interface Layout {
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
interface FileStyle {
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

function endOf(tree: Tree): number {
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
