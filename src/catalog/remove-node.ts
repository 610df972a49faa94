import { getNodeValue, parseTree, type Node as Tree } from 'jsonc-parser';
import type { Json, JsonObject } from '../model/profile.ts';
import { nodesIn, splice } from './edit-nodes.ts';
import { endOf } from './json-layout.ts';

/** The node as it stands in the file, and the file's text without it. */
export interface Taken {
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
