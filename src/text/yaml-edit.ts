import { isCollection, isMap, isNode, isPair, isScalar, isSeq, parseDocument, stringify, type Document } from 'yaml';
import { isTooDeep } from './yaml.ts';

/** What is put into a YAML document, and where. */
interface YamlAddition {
  readonly path: readonly string[];
  readonly value: unknown;
  /** `append`: at the end of the list at the path. `set`: there, unless something stands there. */
  readonly how: 'append' | 'set';
}

// As coreos-cloudinit and cloud-init read it; duplicate keys are found elsewhere.
const READ = { version: '1.1', uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;
const WRITE = { version: '1.1', lineWidth: 0 } as const;

/**
 * The text with one value more, and not a byte changed elsewhere where the place is written in block style (as is
 * usual). In flow style the document is written anew, comments and order kept. Undefined when the text is no YAML, or
 * something else than a list (`append`) or a map stands on the way.
 */
export function addToYaml(text: string, addition: YamlAddition): string | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    const wanted = whole(text, addition);
    if (wanted === undefined || wanted === text) return wanted;
    const value = valueOf(wanted);
    const inserted = lines(text, addition);
    if (inserted !== undefined && valueOf(inserted) === value) return inserted;
    // A header such as "#cloud-config" must stay the first line.
    return firstLine(wanted) === firstLine(text) ? wanted : undefined;
  } catch {
    // Aliases that stand for millions of values: the library throws, and we add nothing.
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trimEnd() ?? '';
}

function valueOf(text: string): string {
  return JSON.stringify(parseDocument(text, READ).toJS());
}

interface Place {
  readonly node: unknown;
  /** The steps that are there, and those that are not. */
  readonly there: readonly string[];
  readonly missing: readonly string[];
}

/** As far as the path leads; an empty value is as good as none. */
function find(document: Document.Parsed, path: readonly string[]): Place {
  let node: unknown = document.contents;
  let depth = 0;
  while (depth < path.length && isMap(node)) {
    const next: unknown = node.get(path[depth], true);
    if (next === undefined || (isScalar(next) && next.value === null)) break;
    node = next;
    depth += 1;
  }
  return { node, there: path.slice(0, depth), missing: path.slice(depth) };
}

/** The document with the addition, written anew by the library. */
function whole(text: string, { path, value, how }: YamlAddition): string | undefined {
  const document = parseDocument(text, READ);
  if (document.errors.length > 0) return undefined;
  const { node, there, missing } = find(document, path);
  if (isEmpty(node)) document.contents = document.createNode(nested(missing, value, how)) as typeof document.contents;
  else if (missing.length > 0) {
    if (!isMap(node)) return undefined;
    document.setIn([...there, missing[0]], document.createNode(nested(missing.slice(1), value, how)));
  } else if (how === 'set') return text;
  else if (isSeq(node)) document.addIn(path, document.createNode(value));
  else return undefined;
  return document.toString(WRITE);
}

/** The same by putting lines in: undefined where that is not so simple. */
function lines(text: string, { path, value, how }: YamlAddition): string | undefined {
  const { node, missing } = find(parseDocument(text, READ), path);
  if (isEmpty(node)) return `${ended(text)}${stringify(nested(missing, value, how), WRITE)}`;
  if (!isCollection(node) || node.flow === true) return undefined;
  if (isMap(node) && node.has(missing[0])) return undefined;
  const [first] = node.items;
  const start = startOf(first);
  const end = endOf(node.items.at(-1));
  if (start === undefined || end === undefined) return undefined;
  const lineStart = text.lastIndexOf('\n', start) + 1;
  // A list's own place is its dash, which no node knows.
  const column = isSeq(node) ? text.lastIndexOf('-', start - 1) - lineStart : start - lineStart;
  if (column < 0) return undefined;
  const next = text[end - 1] === '\n' ? end : nextLine(text, end);
  const content = missing.length > 0 ? nested(missing, value, how) : [value];
  const block = stringify(content, WRITE).replaceAll(/^(?=.)/gm, ' '.repeat(column));
  return `${ended(text.slice(0, next))}${block}${text.slice(next)}`;
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function nested(path: readonly string[], value: unknown, how: YamlAddition['how']): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), how === 'append' ? [value] : value);
}

function nextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at + 1;
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function startOf(item: unknown): number | undefined {
  const node = isPair(item) ? item.key : item;
  return isNode(node) ? node.range?.[0] : undefined;
}

function endOf(item: unknown): number | undefined {
  const node = isPair(item) ? (item.value ?? item.key) : item;
  return isNode(node) ? node.range?.[1] : undefined;
}
