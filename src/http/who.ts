import type { Question } from '../boot/boot-service.ts';
import { parseName } from '../model/name.ts';
import { factsFromQuery, factsFromSegment } from './facts.ts';
import { decodeStrict } from './percent.ts';
import { parseQuery, type Query } from './query.ts';

/** Who asks, and what was chosen at the screen of a machine that nobody knows. */
export type Who = Pick<Question, 'facts' | 'choice'>;

/** From a query. Throws Failure `invalid` as factsFromQuery does. */
export function whoFromQuery(query: Query): Who {
  return { facts: factsFromQuery(query), ...choiceFrom(query) };
}

/** From a segment of a path: a MAC, a UUID, or the words of a query. */
export function whoFromSegment(segment: string): Who {
  return { facts: factsFromSegment(segment), ...(segment.includes('=') ? choiceFrom(parseQuery(segment)) : {}) };
}

/** What is no name was chosen at no menu of ours: then it is as if nothing was. */
function choiceFrom(query: Query): Pick<Who, 'choice'> {
  const choice = parseName(decodeStrict(query.get('profile') ?? '') ?? '');
  return choice === undefined ? {} : { choice };
}
