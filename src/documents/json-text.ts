import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Findings, Path } from './finding.ts';

/** A JSON document and where its values stand. */
export interface JsonText {
  readonly value: unknown;
  /** Where the value stands; where its parent does when it is not there. */
  offsetOf(path: Path): number;
  /** Where the key stands. */
  keyOffsetOf(path: Path): number;
}

const MAX_DEPTH = 100;

/** Strict JSON (RFC 8259), no key twice. What is wrong goes to `findings`; undefined when there is no value then. */
export function readJson(text: string, findings: Findings): JsonText | undefined {
  if (text.startsWith('\ufeff')) {
    findings.error('the file begins with a byte order mark', { offset: 0, remedy: 'save it without one' });
    return undefined;
  }
  const deep = tooDeep(text);
  if (deep !== undefined) {
    findings.error(`the JSON is nested more than ${MAX_DEPTH} levels deep`, { offset: deep, remedy: 'remove some' });
    return undefined;
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (first !== undefined || root === undefined) {
    const what = first === undefined ? 'nothing' : words(printParseErrorCode(first.error));
    findings.error(`this is not JSON: ${what}`, {
      offset: first?.offset ?? 0,
      remedy: 'mend the text before this place',
    });
    return undefined;
  }
  refuseDuplicates(root, findings);
  return {
    value: JSON.parse(text) as unknown,
    offsetOf: (path) => find(root, path).offset,
    keyOffsetOf: (path) => {
      const node = find(root, path);
      return (node.parent?.type === 'property' ? node.parent : node).offset;
    },
  };
}

/** `CommaExpected` -> `comma expected`. */
function words(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, ' $&').toLowerCase();
}

function find(root: Node, path: Path): Node {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return node;
  }
  return root;
}

/** The parser calls itself for every level, so the depth is looked at before. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    const [sign] = match;
    if (sign === '[' || sign === '{') depth += 1;
    else if (sign === ']' || sign === '}') depth -= 1;
    if (depth > MAX_DEPTH) return match.index;
  }
  return undefined;
}

/** Of two equal keys readers keep the first, the last, or both: nobody can say what such a file means. */
function refuseDuplicates(node: Node, findings: Findings): void {
  const keys = new Set<unknown>();
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const key: unknown = child.children?.[0]?.value;
      if (keys.has(key)) {
        const name = JSON.stringify(String(key).slice(0, 60));
        findings.error(`the key ${name} stands here twice`, { offset: child.offset, remedy: 'keep one of them' });
      }
      keys.add(key);
    }
    refuseDuplicates(child, findings);
  }
}
