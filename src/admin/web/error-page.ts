import { placeText, type Failure } from '../../model/failure.ts';
import type { Page, Section } from './page.ts';

const TITLES: Readonly<Record<Failure['code'], string>> = {
  'not-found': 'Not found',
  invalid: 'That cannot be',
  conflict: 'Not possible now',
  'too-large': 'Too large',
  refused: 'Not allowed',
  unavailable: 'Not available now',
  broken: 'Something is broken',
};

/** What went wrong, where, and what to do: instead of the page that somebody asked for. */
export function errorPage(failure: Failure, section: Section): Page {
  return {
    view: 'error',
    title: TITLES[failure.code],
    section,
    live: [],
    data: {
      title: TITLES[failure.code],
      message: failure.message,
      place: failure.place === undefined ? undefined : placeText(failure.place),
      remedy: failure.remedy,
      back: `/dashboard/${section.toLowerCase()}`,
      section,
    },
  };
}
