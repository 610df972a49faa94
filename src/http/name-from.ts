import { Failure } from '../model/failure.ts';
import { NAME_RULE, parseFileName, parseName, type Name } from '../model/name.ts';
import { show } from './percent.ts';
import { decodeSegments } from './target.ts';

/** What a request calls a profile, a key or a document. Throws Failure `invalid` for anything that is no name. */
export function nameFrom(what: string, text: string): Name {
  return parseName(text) ?? refuse(what, text, NAME_RULE);
}

/** The same, as the rest of a path: each segment is decoded by itself, so an encoded slash is not taken for a folder. */
export function nameInPath(what: string, rest: string): Name {
  return nameFrom(what, decodeSegments(rest)?.join('/') ?? rest);
}

/** One file without a folder. */
export function fileNameFrom(text: string): Name {
  return (
    parseFileName(text) ?? refuse('file', text, 'letters, digits, dots, underscores, plus and minus signs, at most 128')
  );
}

function refuse(what: string, text: string, remedy: string): never {
  const message = text === '' ? `${what}: the name is missing` : `${what}: "${show(text)}" is not a name`;
  throw new Failure('invalid', message, { remedy });
}
