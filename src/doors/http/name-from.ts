import { Failure } from '../../domain/failure.ts';
import { parseName, type Name } from '../../domain/name.ts';
import { show } from './percent.ts';

/** What a request calls a profile, a key or a document. Throws Failure `invalid` for anything but one safe segment. */
export function nameFrom(what: string, text: string): Name {
  const name = parseName(text);
  if (name !== undefined) return name;
  throw new Failure(
    'invalid',
    text === '' ? `${what}: the name is missing` : `${what}: "${show(text)}" is not a name`,
    {
      remedy: 'letters, digits, dots, underscores, plus and minus signs, at most 128',
    },
  );
}
