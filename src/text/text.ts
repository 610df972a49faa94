import { isUtf8 } from 'node:buffer';

/** The steps from a document's root to a value: names and indexes. */
export type Path = readonly (string | number)[];

/** A place in a text, both 1-based; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `nodes[2].mac`, `vars["a b"]`: how messages write a path. Empty for the whole file. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!PLAIN.test(step)) text += `[${JSON.stringify(step.slice(0, LONGEST_STEP))}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

const LONGEST_STEP = 256;
const PLAIN = /^[A-Za-z_$][A-Za-z0-9_$-]{0,255}$/;
const STEP = /\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/y;

/** The way back from `pathText`; undefined for anything else. */
export function parsePath(text: string): Path | undefined {
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

/** Lines and columns of one text. */
export class Lines {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  at(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/** A value as a person reads it in a message: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return JSON.stringify(shortened(text));
}

/** At most 60 characters. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * A file's bytes as text, in the one way in which the text can be turned back into the same bytes. What is not UTF-8 is
 * read byte by byte: decoding it as UTF-8 would turn each such byte into U+FFFD for good. What is put into a text is
 * ASCII, so it fits into either.
 */
export function documentText(bytes: Buffer): { readonly text: string; readonly encoding: 'utf8' | 'latin1' } {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  return { text: bytes.toString(encoding), encoding };
}

/** The lines that are not UTF-8, and from which column on. No character of several bytes has a line break in it (RFC 3629). */
export function linesNotUtf8(bytes: Buffer): readonly (Position & { readonly bytes: Buffer })[] {
  if (isUtf8(bytes)) return [];
  const found: (Position & { bytes: Buffer })[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const end = bytes.indexOf(10, start);
    const part = bytes.subarray(start, end === -1 ? undefined : end);
    if (!isUtf8(part)) found.push({ line, column: part.toString('utf8').indexOf('\uFFFD') + 1, bytes: part });
    start = end === -1 ? bytes.length : end + 1;
  }
  return found;
}
