import { isUtf8 } from 'node:buffer';
import { findNodeAtLocation, parseTree, printParseErrorCode, type Node as Tree, visit } from 'jsonc-parser';
import type { Problem } from '../model/failure.ts';
import type { Json } from '../model/profile.ts';

/** A place in a text, both 1-based; columns count UTF-16 units, as editors do. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where an offset lies. */
export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) {
    line += 1;
    start = next + 1;
  }
  return { line, column: offset - start + 1 };
}

/** A path into JSON: names and array indexes. */
export type JsonPath = readonly (string | number)[];

/** `nodes[2].mac`, `vars["a b"]`: how messages write a path. Empty for the whole file. */
export function pathText(path: JsonPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!PLAIN.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

const PLAIN = /^[A-Za-z_$][A-Za-z0-9_$-]{0,255}$/;
const STEP = /\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/y;

/** The way back from `pathText`; undefined for anything else. */
export function parsePath(text: string): JsonPath | undefined {
  const path: (string | number)[] = [];
  for (let at = 0; at < text.length; at = STEP.lastIndex) {
    STEP.lastIndex = text[at] === '.' && at > 0 ? at + 1 : at;
    const [, index, quoted, plain] = STEP.exec(text) ?? [];
    if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(JSON.parse(quoted) as string);
    else if (plain !== undefined) path.push(plain);
    else return undefined;
  }
  return path;
}

const MAX_DEPTH = 64;

/** The offset of the first bracket that is nested too deeply; found without recursion and without a tree. */
export function depthFault(text: string): number | undefined {
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
      if (depth > MAX_DEPTH) return at;
    } else if (character === ']' || character === '}') depth -= 1;
  }
  return undefined;
}

/** Finds places in the text of a JSON file. */
export interface Locator {
  /** Of a value; of its nearest parent when the path leads nowhere. */
  value(path: JsonPath): Position;
  /** Of the name before a value. */
  key(path: JsonPath): Position;
}

/** What a file's bytes say. Without `value` there is at least one error among the problems. */
export interface JsonReading {
  readonly value?: Json;
  readonly problems: readonly Problem[];
  readonly locator: Locator;
}

const MAX_PROBLEMS = 20;
const BOM = '\uFEFF';
// Names that reach into a prototype. Templates and naive merges look them up, so no file may hold them as its own.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Strict JSON (RFC 8259) in UTF-8: no comments, no trailing commas, no key twice, at most 64 levels deep. */
export function readJson(bytes: Buffer, file: string): JsonReading {
  const text = bytes.toString('utf8');
  const body = text.startsWith(BOM) ? text.slice(1) : text;
  const locator = locatorOf(body);
  const encoding = encodingFault(bytes, file);
  if (encoding !== undefined) return { problems: [encoding], locator };
  const problems: Problem[] = [];
  if (body.length !== text.length) {
    const message = 'begins with a byte order mark, which JSON does not allow';
    problems.push({
      severity: 'warning',
      message,
      place: { file, line: 1, column: 1 },
      remedy: 'save it as UTF-8 without BOM',
    });
  }
  const broken = syntaxFault(body);
  if (broken !== undefined) {
    const { message, offset, remedy } = broken;
    problems.push({ severity: 'error', message, place: { file, ...positionAt(body, offset) }, remedy });
    return { problems, locator };
  }
  problems.push(...keyFaults(body, file));
  if (problems.some((problem) => problem.severity === 'error')) return { problems, locator };
  return { value: JSON.parse(body) as Json, problems, locator };
}

function encodingFault(bytes: Buffer, file: string): Problem | undefined {
  const remedy = 'save it as UTF-8';
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { severity: 'error', message: 'is UTF-16, not UTF-8', place: { file, line: 1 }, remedy };
  }
  if (isUtf8(bytes)) return undefined;
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, to))) break;
    from = to + 1;
  }
  return { severity: 'error', message: 'holds bytes that are not UTF-8', place: { file, line }, remedy };
}

interface Fault {
  readonly message: string;
  readonly offset: number;
  readonly remedy: string;
}

function syntaxFault(text: string): Fault | undefined {
  if (text.trim() === '') {
    return { message: 'is empty', offset: 0, remedy: 'write a JSON object such as {} or delete the file' };
  }
  // Before any parser: both of them recurse, and 200,000 brackets would end the stack.
  const deep = depthFault(text);
  if (deep !== undefined) return { message: 'is nested over 64 levels deep', offset: deep, remedy: 'flatten it' };
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return firstError(text) ?? { message: 'is not JSON', offset: 0, remedy: REMEDIES['InvalidSymbol'] ?? '' };
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  InvalidSymbol: 'JSON knows strings in double quotes, numbers, true, false, null, lists and objects',
  InvalidNumberFormat: 'write the number without leading zeros, or put it in double quotes',
  PropertyNameExpected: 'a name in double quotes goes here; the last entry has no comma after it',
  ValueExpected: 'a value goes here; the last entry has no comma after it',
  ColonExpected: 'put a colon between a name and its value',
  CommaExpected: 'put a comma between two entries',
  CloseBraceExpected: 'close the object with }',
  CloseBracketExpected: 'close the list with ]',
  EndOfFileExpected: 'one JSON object is the whole file: remove what follows it',
  InvalidCommentToken: 'JSON has no comments: remove it',
  UnexpectedEndOfComment: 'JSON has no comments: remove it',
  UnexpectedEndOfString: 'close the string with a double quote on the same line',
  UnexpectedEndOfNumber: 'finish the number, or put it in double quotes',
  InvalidUnicode: 'write \\u and four hexadecimal digits',
  InvalidEscapeCharacter: 'write a backslash as \\\\',
  InvalidCharacter: 'write control characters as escapes such as \\t',
};

/** The first error only: what follows it is mostly its echo. */
function firstError(text: string): Fault | undefined {
  let fault: Fault | undefined;
  const stop = new RangeError('first error found');
  try {
    visit(
      text,
      {
        onError: (code, offset) => {
          const name = printParseErrorCode(code);
          const words = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
          fault = { message: `is not JSON: ${words}`, offset, remedy: REMEDIES[name] ?? 'correct it' };
          throw stop;
        },
      },
      { disallowComments: true, allowTrailingComma: false },
    );
  } catch (error) {
    if (error !== stop) throw error;
  }
  return fault;
}

/** Names that stand twice or may not stand there. Told by a visitor: the tree of a large file is many times the file. */
function keyFaults(text: string, file: string): readonly Problem[] {
  const problems: Problem[] = [];
  const open: Map<string, number>[] = [];
  visit(text, {
    onObjectBegin: () => {
      open.push(new Map());
    },
    onObjectEnd: () => {
      open.pop();
    },
    onObjectProperty: (key, offset, _length, _line, _column, parent) => {
      if (problems.length >= MAX_PROBLEMS) return;
      const seen = open.at(-1);
      const first = seen?.get(key);
      seen?.set(key, first ?? offset);
      const place = (): Problem['place'] => ({ file, key: pathText([...parent(), key]), ...positionAt(text, offset) });
      if (FORBIDDEN.has(key)) {
        const message = `the key \`${key}\` is not allowed`;
        problems.push({ severity: 'error', message, place: place(), remedy: 'choose another name' });
      } else if (first !== undefined) {
        const { line } = positionAt(text, first);
        const message = `the key \`${shortened(key)}\` is here for the second time (first in line ${line})`;
        problems.push({ severity: 'error', message, place: place(), remedy: 'remove one of them' });
      }
    },
  });
  return problems;
}

function shortened(key: string): string {
  return key.length > 60 ? `${key.slice(0, 57)}...` : key;
}

// The tree of a large file is many times the file: it is made when a place is asked for, and may be forgotten.
function locatorOf(text: string): Locator {
  let remembered: WeakRef<Tree> | undefined;

  function tree(): Tree | undefined {
    const known = remembered?.deref();
    if (known !== undefined) return known;
    const made = parseTree(text, [], { disallowComments: true });
    remembered = made === undefined ? undefined : new WeakRef(made);
    return made;
  }

  function nearestNode(path: JsonPath): Tree | undefined {
    const root = tree();
    if (root === undefined) return undefined;
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(root, path.slice(0, length));
      if (node !== undefined) return node;
    }
    return root;
  }

  return {
    value: (path) => positionAt(text, nearestNode(path)?.offset ?? 0),
    key: (path) => {
      const node = nearestNode(path);
      const property = node?.parent?.type === 'property' ? node.parent : node;
      return positionAt(text, property?.offset ?? 0);
    },
  };
}
