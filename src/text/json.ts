import { findNodeAtLocation, parseTree, printParseErrorCode, type Node as Tree, visit } from 'jsonc-parser';
import type { Json } from '../model/profile.ts';
import { Lines, type Path, type Position } from './text.ts';

/** Where a text stops being JSON: `json-fault.ts` says it in words. */
export interface JsonFault {
  readonly offset: number;
  /** What jsonc-parser calls it: `CommaExpected` ...; also `Empty` and `TooDeep`. */
  readonly code: string;
}

/** Strict JSON (RFC 8259), at most `maxDepth` levels deep; else the first fault, since what follows is mostly its echo. */
export function parseJson(
  text: string,
  maxDepth: number,
): { readonly value: Json; readonly fault?: undefined } | { readonly fault: JsonFault } {
  if (text.trim() === '') return { fault: { code: 'Empty', offset: 0 } };
  // Before any parser: all of them recurse, and 200,000 brackets would end the stack.
  const deep = tooDeep(text, maxDepth);
  if (deep !== undefined) return { fault: { code: 'TooDeep', offset: deep } };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { fault: firstError(text) };
  }
}

/** The offset of the first bracket that is nested too deeply; found without recursion and without a tree. */
export function tooDeep(text: string, maxDepth: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"' || character === '\n') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > maxDepth) return at;
    } else if (character === ']' || character === '}') depth -= 1;
  }
  return undefined;
}

const STRICT = { disallowComments: true, allowTrailingComma: false };

function firstError(text: string): JsonFault {
  let fault: JsonFault = { code: 'InvalidSymbol', offset: 0 };
  const stop = new RangeError('first error found');
  try {
    visit(
      text,
      {
        onError: (code, offset) => {
          fault = { code: printParseErrorCode(code), offset };
          throw stop;
        },
      },
      STRICT,
    );
  } catch (error) {
    if (error !== stop) throw error;
  }
  return fault;
}

interface JsonKey {
  readonly name: string;
  readonly offset: number;
  /** Where the same object has the name already. */
  readonly first: number | undefined;
  readonly path: () => Path;
}

/** Each name of each object, in the order of the text. By a visitor: the tree of a large file is many times the file. */
export function eachKey(text: string, tell: (key: JsonKey) => void): void {
  const open: Map<string, number>[] = [];
  visit(text, {
    onObjectBegin: () => {
      open.push(new Map());
    },
    onObjectEnd: () => {
      open.pop();
    },
    onObjectProperty: (name, offset, _length, _line, _column, parent) => {
      const seen = open.at(-1);
      const first = seen?.get(name);
      seen?.set(name, first ?? offset);
      tell({ name, offset, first, path: () => [...parent(), name] });
    },
  });
}

/** What a path leads to; undefined where it leads nowhere. Never a prototype's property. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

/** Finds places in the text of a JSON file. Of a path that leads nowhere it is the nearest parent that counts. */
export class JsonPlaces {
  readonly #text: string;
  // The tree of a large file is many times the file: it is made when a place is asked for, and may be forgotten.
  #known: WeakRef<{ readonly tree: Tree | undefined; readonly lines: Lines }> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where a value is. */
  value(path: Path): Position {
    return this.#look().lines.at(this.offset(path));
  }

  offset(path: Path): number {
    return this.#nearest(path)?.offset ?? 0;
  }

  /** A value as it is written; empty where it is not there. */
  source(path: Path): string {
    const node = this.#nearest(path);
    return node === undefined ? '' : this.#text.slice(node.offset, node.offset + node.length);
  }

  /** Where the name before a value is. */
  keyOffset(path: Path): number {
    const node = this.#nearest(path);
    return (node?.parent?.type === 'property' ? node.parent : node)?.offset ?? 0;
  }

  #nearest(path: Path): Tree | undefined {
    const { tree } = this.#look();
    if (tree === undefined) return undefined;
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(tree, path.slice(0, length));
      if (node !== undefined) return node;
    }
    return tree;
  }

  #look(): { readonly tree: Tree | undefined; readonly lines: Lines } {
    const known = this.#known?.deref();
    if (known !== undefined) return known;
    const made = { tree: parseTree(this.#text, [], STRICT), lines: new Lines(this.#text) };
    this.#known = new WeakRef(made);
    return made;
  }
}
