import type { JsonFault } from './json.ts';
import { Lines, shortened } from './text.ts';

interface Explained {
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

const CURLY = '\u2018-\u201F\u2032\u2033\u00AB\u00BB';
/** What editors and web pages put where a blank belongs. */
const NO_BLANK = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000\uFEFF]/;

/** What a person needs of a fault: the mistake that was made, where it was made, and what to write there. */
export function explainJsonFault(text: string, fault: JsonFault): Explained {
  const { code, offset } = fault;
  switch (code) {
    case 'InvalidSymbol':
      return wrongSymbol(text, offset);
    case 'InvalidCommentToken':
    case 'UnexpectedEndOfComment':
      return { offset, message: 'a comment', remedy: 'remove it: JSON has none' };
    case 'CommaExpected':
      return noComma(text, offset);
    case 'PropertyNameExpected':
    case 'ValueExpected':
      return noEntry(text, offset);
    case 'ColonExpected':
      return { offset: lastBefore(text, offset) + 1, message: 'a colon is missing', remedy: 'write "name": value' };
    case 'CloseBraceExpected':
    case 'CloseBracketExpected':
      return notClosed(text, offset);
    case 'EndOfFileExpected':
      return /^[\]}\s]+$/.test(text.slice(offset))
        ? { offset, message: 'a bracket too many', remedy: `remove ${text[offset] ?? ''}` }
        : { offset, message: 'more text behind its end', remedy: 'remove it: one object, { ... }, is the whole file' };
    case 'UnexpectedEndOfString':
      return openText(text, offset);
    case 'InvalidEscapeCharacter': {
      const wrong = /(?<!\\)(?:\\\\)*\\[^"\\/bfnrtu]/.exec(text.slice(offset));
      const at = wrong === null ? 0 : wrong.index + wrong[0].length - 2;
      return { offset: offset + at, message: 'a backslash in a text', remedy: 'write \\\\ for one backslash' };
    }
    case 'InvalidCharacter': {
      // eslint-disable-next-line no-control-regex -- these are what JSON does not allow in a text
      const at = offset + Math.max(0, text.slice(offset).search(/[\0-\x1f]/));
      const written = JSON.stringify(text[at] ?? '').slice(1, -1);
      return { offset: at, message: 'a control character in a text', remedy: `write ${written} for it` };
    }
    default:
      return { offset, message: WORDS[code]?.[0] ?? 'something else', remedy: WORDS[code]?.[1] ?? 'correct it' };
  }
}

const WORDS: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  Empty: ['an empty file', 'write one JSON object: {"name": value, ...}'],
  InvalidNumberFormat: ['a number in a form that JSON does not know', 'write it as 600 or 0.5, or in double quotes'],
  UnexpectedEndOfNumber: ['a number that does not end', 'finish it, or put it in double quotes'],
  InvalidUnicode: ['\\u without four hexadecimal digits', 'write \\u and four hexadecimal digits'],
};

/** The last character before this place that is no blank. */
function lastBefore(text: string, offset: number): number {
  return text.slice(0, offset).trimEnd().length - 1;
}

const LITERALS: Readonly<Record<string, string>> = { true: 'true', false: 'false', null: 'null', none: 'null' };

function wrongSymbol(text: string, offset: number): Explained {
  const rest = text.slice(offset);
  const sign = text[offset] ?? '';
  const [, inside = ''] = new RegExp(`^['\`${CURLY}]([^'\`${CURLY}"\\n]*)`).exec(rest) ?? [];
  const said = (message: string, remedy: string): Explained => ({ offset, message, remedy });
  if (new RegExp(`[${CURLY}]`).test(sign)) return said('typographic quotes', `write ${json(inside)}`);
  if (/['`]/.test(sign)) return said('single quotes', `write ${json(inside)}`);
  if (sign === '\0') return said('UTF-16, not UTF-8', 'save it as UTF-8');
  if (NO_BLANK.test(sign)) {
    const name = `U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    return said(`${name}, which only looks like a blank`, 'write an ordinary blank there');
  }
  if (sign === '#') return said('a comment', 'remove it: JSON has none');
  if (sign === '=') return said('"=" where a colon belongs', 'write "name": value');
  if (sign === ';') return said('";" where a comma belongs', 'write a comma');
  if (text.slice(0, offset).trim() === '') return said('no object', 'write one JSON object: {"name": value, ...}');
  if (text[offset - 1] === '"')
    return said('text behind a closing quote', 'look for a quote that is missing before it');
  const [word = ''] = /^[^\s,:;=[\]{}"]+/.exec(rest) ?? [];
  const literal = LITERALS[word.toLowerCase()];
  if (literal !== undefined) return said(`${word}, which JSON writes in small letters`, `write ${literal}`);
  if (/^[.+]?\d/.test(word)) return said(`${json(word)}, which is no number`, `write 600 or 0.5, or ${json(word)}`);
  const isName = /^\s*:/.test(rest.slice(word.length));
  return said(isName ? 'a name without quotes' : 'a word without quotes', `write ${json(word)}`);
}

function noComma(text: string, offset: number): Explained {
  const sign = text[offset] ?? '';
  if (sign === '}') return { offset, message: 'a list that is closed by }', remedy: 'close it with ]' };
  if (sign === ']') return { offset, message: 'an object that is closed by ]', remedy: 'close it with }' };
  const last = lastBefore(text, offset);
  if (last === offset - 1 && /\d/.test(sign) && text[last] === '0') {
    const [digits = ''] = /^\d+/.exec(text.slice(offset)) ?? [];
    const remedy = `write ${digits.replace(/^0+(?=\d)/, '')}, or "0${digits}" where a text belongs`;
    return { offset: last, message: 'a number that begins with 0', remedy };
  }
  return { offset: last + 1, message: 'a comma is missing', remedy: 'put it here, before the next entry' };
}

function noEntry(text: string, offset: number): Explained {
  const last = lastBefore(text, offset);
  const [before = '', sign = ''] = [text[last], text[offset]];
  if (before === ',' && /[\]}]/.test(sign)) {
    return { offset: last, message: 'a comma behind the last entry', remedy: 'remove it' };
  }
  if (before === ':')
    return { offset: last + 1, message: 'a value is missing', remedy: 'write it, or remove the name' };
  if (sign === ',') return { offset, message: 'a comma too many', remedy: 'remove it' };
  return { offset, message: 'a name is missing', remedy: 'write "name": value' };
}

function notClosed(text: string, offset: number): Explained {
  const open: number[] = [];
  for (let at = 0, quoted = false; at < offset; at += 1) {
    const sign = text[at] ?? '';
    if (quoted && sign === '\\') at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && /[[{]/.test(sign)) open.push(at);
    else if (!quoted && /[\]}]/.test(sign)) open.pop();
  }
  const start = open.at(-1) ?? 0;
  const [what, sign] = text[start] === '[' ? ['list', ']'] : ['object', '}'];
  const { line } = new Lines(text).at(start);
  return { offset, message: `the ${what} that begins in line ${line} does not end`, remedy: `close it with ${sign}` };
}

function openText(text: string, offset: number): Explained {
  const [line = ''] = text.slice(offset).split('\n', 1);
  const curly = line.search(new RegExp(`[${CURLY}]`));
  if (curly === -1) {
    return { offset, message: 'a text that does not end on its line', remedy: 'close it with a double quote' };
  }
  const remedy = `write ${json(line.slice(1, curly))}`;
  return { offset: offset + curly, message: 'a typographic quote at the end of a text', remedy };
}

function json(text: string): string {
  return JSON.stringify(shortened(text.trim()));
}
