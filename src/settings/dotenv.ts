import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileDiagnostic, Place } from '../model/failure.ts';

/** What one line of `.env` sets, and where the value stands. */
export interface DotenvLine {
  readonly text: string;
  readonly place: Place;
}

export interface Dotenv {
  readonly values: ReadonlyMap<string, DotenvLine>;
  /** A line that cannot be read is an error: what it was meant to set is not known. */
  readonly problems: readonly FileDiagnostic[];
}

const FILE = '.env';

/** Reads `.env` of the data directory; there may be none. */
export function readDotenv(dataDir: string): Dotenv {
  try {
    return parseDotenv(readFileSync(join(dataDir, FILE)));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { values: new Map(), problems: [] };
    const remedy = READ_REMEDIES[code] ?? 'let the user who runs this read it';
    return { values: new Map(), problems: [problem(0, 0, `cannot be read (${code})`, remedy)] };
  }
}

const READ_REMEDIES: Readonly<Record<string, string>> = { EISDIR: 'it is a folder: put a file in its place' };

/**
 * NAME=VALUE, one a line, as systemd's EnvironmentFile and most programs read it: VALUE as it is, or within quotes that
 * end on the same line; `export` before it, empty lines and comments are passed over. Nothing spans lines: a quote that
 * was forgotten would swallow the next setting.
 */
function parseDotenv(bytes: Buffer): Dotenv {
  const values = new Map<string, DotenvLine>();
  const problems: FileDiagnostic[] = [];
  if (!isUtf8(bytes) || bytes.includes(0)) {
    const lines = bytes.toString('latin1').split('\n');
    const wrong = lines.findIndex((line) => line.includes('\0') || !isUtf8(Buffer.from(line, 'latin1')));
    return { values, problems: [problem(wrong + 1, 1, 'is not a text in UTF-8', 'save it as UTF-8')] };
  }
  const lines = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const read = readLine(line);
    if (read === undefined) continue;
    const { column, fault, remedy, name, text } = read;
    if (fault !== undefined) {
      problems.push(problem(number, column, fault, remedy));
      continue;
    }
    const before = values.get(name)?.place.line;
    if (before !== undefined) {
      const message = `${name} is set in line ${before} already, and here again: the last one wins`;
      problems.push({ ...problem(number, 1, message, 'keep one of them'), severity: 'warning' });
    }
    values.set(name, { text, place: { file: FILE, line: number, column, key: name } });
  }
  return { values, problems };
}

function problem(line: number, column: number, message: string, remedy: string): FileDiagnostic {
  return { severity: 'error', message, place: { file: FILE, ...(line === 0 ? {} : { line, column }) }, remedy };
}

type ReadLine =
  | {
      readonly column: number;
      readonly fault?: undefined;
      readonly remedy?: undefined;
      readonly name: string;
      readonly text: string;
    }
  | {
      readonly column: number;
      readonly fault: string;
      readonly remedy: string;
      readonly name?: undefined;
      readonly text?: undefined;
    };

const CURLY = /[\u2018-\u201F\u00AB\u00BB\u2032\u2033]/;

/** Undefined for a line that sets nothing. A value is never repeated: it may be a secret. */
function readLine(line: string): ReadLine | undefined {
  if (/^\s*(?:#|$)/.test(line)) return undefined;
  const match = /^(\s*(?:export\s+)?)([^\s=:]*)(\s*)([=:]?)(\s*)(.*?)\s*$/.exec(line);
  const [, before = '', name = '', , sign = '', blank = '', rest = ''] = match ?? [];
  const column = before.length + 1;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return { column, fault: 'is no line that sets something', remedy: 'write NAME=value, or # before a comment' };
  }
  if (sign !== '=') return { column, fault: `${name} has no "=" behind it`, remedy: `write ${name}=value` };
  const at = line.indexOf('=') + 1 + blank.length;
  const quote = rest[0] ?? '';
  if (CURLY.test(quote)) {
    return { column: at + 1, fault: `${name} has typographic quotes around its value`, remedy: 'write " or no quotes' };
  }
  if (!/["'`]/.test(quote)) return { column: at + 1, name, text: rest.replace(/(?:^|\s+)#.*$/, '') };
  const end = rest.indexOf(quote, 1);
  if (end === -1) {
    const fault = `${name} has a quote that does not end on this line`;
    return { column: at + 1, fault, remedy: `put ${quote} at its end, or leave both out` };
  }
  if (!/^\s*(?:#.*)?$/.test(rest.slice(end + 1))) {
    return {
      column: at + end + 2,
      fault: `${name} has more behind its closing quote`,
      remedy: 'remove one of the two',
    };
  }
  return { column: at + 1, name, text: rest.slice(1, end) };
}
