import { placeText } from '../../model/failure.ts';
import type { Problem } from '../../model/problem.ts';
import { profileHref } from './links.ts';

/** A problem as pages list it: what, where, what to do. */
export interface ProblemItem {
  readonly error: boolean;
  /** `Error`, `Warning`: never the colour alone. */
  readonly word: string;
  readonly message: string;
  /** `profiles/a.json:3:5 nodes[0].mac`; undefined for the server's own troubles. */
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  /** Where it can be mended: a profile's editor. */
  readonly href: string | undefined;
}

/** Errors first, otherwise in their order. */
export function problemItems(problems: readonly Problem[]): readonly ProblemItem[] {
  return errorsFirst(problems).map(({ severity, message, place, remedy }) => {
    const profile = /^profiles\/([^/]+)\.json$/.exec(place.file)?.[1];
    return {
      error: severity === 'error',
      word: severity === 'error' ? 'Error' : 'Warning',
      message,
      place: placeText(place),
      remedy,
      href: profile === undefined ? undefined : `${profileHref(profile)}/edit`,
    };
  });
}

export function errorsFirst<T extends { readonly severity: 'error' | 'warning' }>(all: readonly T[]): readonly T[] {
  return [...all.filter((one) => one.severity === 'error'), ...all.filter((one) => one.severity === 'warning')];
}
