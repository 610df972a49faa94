import { Failure } from '../../domain/failure.ts';
import { show } from './percent.ts';
import { decodeSegments } from './target.ts';

/** The file below images/ that `/images/REST` names. Throws Failure `not-found` for folders and for what is no plain path. */
export function imagePath(rest: string): string {
  const segments = decodeSegments(rest);
  if (segments !== undefined) return segments.join('/');
  throw new Failure('not-found', `no image "${show(rest)}"`, { remedy: 'name a file; folders are not listed' });
}
