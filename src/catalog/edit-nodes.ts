import { parseTree, type Node as Tree } from 'jsonc-parser';
import { Failure } from '../model/failure.ts';
import type { JsonObject } from '../model/profile.ts';
import { endOf, fileStyle, layoutOf, objectText, plainLayout, type FileStyle, type Layout } from './json-layout.ts';

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
export function nodesIn(root: Tree): Tree | undefined {
  const value = root.children?.find((property) => property.children?.[0]?.value === 'nodes')?.children?.[1];
  if (value !== undefined && value.type !== 'array') throw notAProfile('`nodes` is not a list');
  return value;
}

export function splice(text: string, tree: Pick<Tree, 'offset' | 'length'>, by: string): string {
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
