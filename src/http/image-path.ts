import { Failure } from '../model/failure.ts';
import { show } from './percent.ts';
import { decodeSegments } from './target.ts';

/** `/assets/` is matchbox's word for the same folder. */
const PREFIXES = ['/images/', '/assets/'] as const;

/** What a path names below images/, still encoded; undefined for a path that is about no image. */
export function restOfImage(path: string): string | undefined {
  const prefix = PREFIXES.find((candidate) => path.startsWith(candidate));
  return prefix === undefined ? undefined : path.slice(prefix.length);
}

/** The file below images/ that `/images/REST` names. Throws Failure `not-found` for folders and for what is no plain path. */
export function imagePath(rest: string): string {
  const segments = decodeSegments(rest);
  if (segments !== undefined) return segments.join('/');
  throw new Failure('not-found', `no image "${show(rest)}"`, { remedy: 'name a file; folders are not listed' });
}
