import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  parseDocument,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml';
import type { Diagnostics } from './diagnostics.ts';
import type { Path } from './text.ts';

/** One value of a YAML document with its place in the text. Aliases are followed, `<<` is merged. */
export type YamlNode = YamlMap | YamlList | YamlScalar;
export interface YamlMap {
  readonly kind: 'map';
  readonly offset: number;
  readonly entries: readonly YamlEntry[];
}
interface YamlList {
  readonly kind: 'list';
  readonly offset: number;
  readonly items: readonly YamlNode[];
}
interface YamlScalar {
  readonly kind: 'scalar';
  readonly offset: number;
  readonly value: string | number | boolean | null;
  /** What stands in the text: `0644`, where `value` is 420. */
  readonly source: string;
}
export interface YamlEntry {
  readonly key: string;
  /** Where the key begins and ends in the text, quotes included; nothing is between them when it is no plain word. */
  readonly offset: number;
  readonly end: number;
  readonly value: YamlNode;
}

// An alias may stand for a list of aliases: nine lines can mean a billion nodes.
const MAX_NODES = 200_000;
const MAX_DEPTH = 100;

/**
 * Reads YAML 1.1 (`off` is false, `0644` is octal), as coreos-cloudinit and cloud-init do. Everything wrong with it goes
 * to `diagnostics`; undefined when no tree could be made. `twice` says how bad a key is that stands there twice.
 */
export function readYaml(text: string, diagnostics: Diagnostics, twice: 'error' | 'warning'): YamlNode | undefined {
  const document = isTooDeep(text) ? undefined : parsed(text);
  if (document === undefined) {
    diagnostics.error('the YAML is nested too deep to be read', { remedy: `use less than ${MAX_DEPTH} levels` });
    return undefined;
  }
  for (const error of document.errors) {
    const offset = error.pos[0];
    if (error.code === 'MULTIPLE_DOCS') {
      diagnostics.warn('only the first YAML document of a file is read', { offset, remedy: 'remove the second "---"' });
      continue;
    }
    const open = error.message.startsWith('Missing closing') ? lastQuoted(document) : undefined;
    const remedy = open === undefined ? REMEDIES[error.code] : 'close the quote that begins here';
    diagnostics.error(`YAML: ${firstLine(error.message)}`, {
      offset: open ?? offset,
      remedy: remedy ?? 'check indentation, colons and quotes around this line',
    });
  }
  if (document.errors.some((error) => error.code !== 'MULTIPLE_DOCS')) return undefined;
  return new TreeMaker(diagnostics, twice).root(document);
}

function parsed(text: string): Document.Parsed | undefined {
  try {
    // Duplicate keys are looked for here: the library compares every key with every other.
    return parseDocument(text, { version: '1.1', prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  } catch {
    return undefined;
  }
}

const REMEDIES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'write blanks in the place of the tab',
  BAD_INDENT: 'give it the indentation of the entry above that it belongs to; close every [ and {',
  MISSING_CHAR: 'give it the indentation of the entry above that it belongs to, and close every [ and {',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes where it holds a colon; else begin it on a line of its own',
  BAD_SCALAR_START: 'put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'put a colon behind the key',
  BAD_DQ_ESCAPE: "write \\\\ for one backslash, or use single quotes: '...'",
};

/** A quote that is not closed swallows the rest of the text: it is the last one. */
function lastQuoted(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') offset = range?.[0];
    },
  });
  return offset;
}

/** Where a path leads: the key for a map's entry, the value for a list's; as far as the tree goes. */
export function locate(root: YamlNode, path: Path): { readonly offset: number; readonly node: YamlNode } {
  let at = { offset: root.offset, node: root };
  for (const step of path) {
    const { node } = at;
    if (node.kind === 'list' && typeof step === 'number') {
      const item = node.items[step];
      if (item === undefined) return at;
      at = { offset: item.offset, node: item };
    } else {
      const entry = node.kind === 'map' ? node.entries.find(({ key }) => key === step) : undefined;
      if (entry === undefined) return at;
      at = { offset: entry.offset, node: entry.value };
    }
  }
  return at;
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').slice(0, 200);
}

class TooMuch extends RangeError {}

class TreeMaker {
  readonly #diagnostics: Diagnostics;
  readonly #twice: 'error' | 'warning';
  readonly #anchors = new Map<string, { node: YamlNode; size: number }>();
  #nodes = 0;

  constructor(diagnostics: Diagnostics, twice: 'error' | 'warning') {
    this.#diagnostics = diagnostics;
    this.#twice = twice;
  }

  root(document: Document.Parsed): YamlNode | undefined {
    try {
      return this.#node(document.contents, 0, 0);
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      this.#diagnostics.error(error.message, { remedy: 'write the document with fewer levels and aliases' });
      return undefined;
    }
  }

  #node(node: unknown, depth: number, around: number): YamlNode {
    const before = this.#nodes;
    const made = this.#make(node, depth, around);
    const anchor = isNode(node) && !isAlias(node) ? node.anchor : undefined;
    // Only now: an alias inside of what it names would never end.
    if (anchor !== undefined) this.#anchors.set(anchor, { node: made, size: this.#nodes - before });
    return made;
  }

  #make(node: unknown, depth: number, around: number): YamlNode {
    this.#count(1);
    if (depth > MAX_DEPTH) throw new TooMuch(`the YAML is nested more than ${MAX_DEPTH} levels deep`);
    if (!isNode(node)) return { kind: 'scalar', offset: around, value: null, source: '' };
    const offset = node.range?.[0] ?? around;
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) {
        this.#count(target.size);
        return target.node;
      }
      this.#diagnostics.error(`the alias *${node.source.slice(0, 60)} names nothing before it`, {
        offset,
        remedy: 'define the anchor first',
      });
      return { kind: 'scalar', offset, value: null, source: '' };
    }
    if (isMap(node)) return { kind: 'map', offset, entries: this.#entries(node.items, depth, offset) };
    if (isCollection(node)) {
      const items = node.items.map((item) => this.#node(isPair(item) ? item.value : item, depth + 1, offset));
      return { kind: 'list', offset, items };
    }
    return scalarNode(node, offset);
  }

  #entries(pairs: readonly { key: unknown; value: unknown }[], depth: number, around: number): readonly YamlEntry[] {
    const entries = new Map<string, YamlEntry>();
    const merged: YamlEntry[] = [];
    for (const pair of pairs) {
      const range = isNode(pair.key) ? pair.key.range : undefined;
      const offset = range?.[0] ?? around;
      if (!isScalar(pair.key) && !isAlias(pair.key)) {
        this.#diagnostics.error('a key must be a word', { offset, remedy: 'quote it, or mend the line before' });
        continue;
      }
      const name = this.#node(pair.key, depth + 1, offset);
      const key = name.kind === 'scalar' ? name.source : '';
      const value = this.#node(pair.value, depth + 1, offset);
      if (key === '<<') merged.push(...mergeEntries(value));
      else {
        if (entries.has(key)) {
          const wins = this.#twice === 'error' ? '' : ', the last one wins';
          const message = `the key "${key.slice(0, 60)}" stands here twice${wins}`;
          this.#diagnostics.add(this.#twice, message, { offset, remedy: 'keep one of them' });
        }
        entries.set(key, { key, offset, end: wordEnd(pair.key) ?? offset, value });
      }
    }
    this.#count(merged.length);
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    return [...entries.values()];
  }

  #count(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > MAX_NODES) throw new TooMuch(`the YAML stands for more than ${MAX_NODES} values`);
  }
}

function wordEnd(key: unknown): number | undefined {
  const word = isScalar(key) && (key.type === 'PLAIN' || key.type === 'QUOTE_DOUBLE' || key.type === 'QUOTE_SINGLE');
  return word ? key.range?.[1] : undefined;
}

/** YAML 1.1's merge key (yaml.org/type/merge): a map, or a list of maps of which the first wins. */
function mergeEntries(value: YamlNode): readonly YamlEntry[] {
  if (value.kind === 'map') return value.entries;
  return value.kind === 'list' ? value.items.flatMap((item) => (item.kind === 'map' ? item.entries : [])) : [];
}

function scalarNode(node: Scalar, offset: number): YamlScalar {
  const { value } = node;
  const source = node.source ?? '';
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', offset, value, source: typeof value === 'string' ? value : source };
  }
  // Dates, binary and the like: text to everyone who reads these documents.
  return { kind: 'scalar', offset, value: source, source };
}

/** Far above what is read, far below what the library can take: it recurses, and from some 1,000 levels on ends the stack. */
const LIMIT = 400;

/**
 * Whether the library cannot read this. It must not even try: where the stack ends while V8 compiles a pattern, V8 ends the
 * whole process instead of throwing. Token by token, without recursion; what stands in texts and comments does not count.
 */
export function isTooDeep(text: string): boolean {
  if (!mayBe(text)) return false;
  const indents: number[] = [];
  let inLine = 0;
  let flow = 0;
  let isNew = true;
  for (const token of new Lexer().lex(text)) {
    const isSpace = /^ +$/.test(token);
    if (isNew && token !== '\n') {
      const width = isSpace ? token.length : 0;
      while ((indents.at(-1) ?? -1) >= width) indents.pop();
      indents.push(width);
      inLine = 0;
    }
    isNew = token.endsWith('\n');
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (token === '-' || token === '?') inLine += 1;
    if (indents.length + inLine + flow > LIMIT) return true;
  }
  return false;
}

/** A level takes a character of these, or a line that is indented more than the one before. */
function mayBe(text: string): boolean {
  return text.length > LIMIT ** 2 / 2 || (text.match(/[[{?-]/g)?.length ?? 0) >= LIMIT;
}
