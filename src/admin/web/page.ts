import type { Done } from './done.ts';

/** The parts of the dashboard, as its navigation names them. */
export type Section = 'Machines' | 'Profiles' | 'Releases' | 'Health';

/** What the event stream tells pages about (`/api/v1/events`). */
export type Topic = 'machines' | 'profiles' | 'releases';

/** A view (views/NAME.hbs) with everything that it shows, all of it decided: templates only lay out. */
export interface Page {
  readonly view: PageView;
  /** The page's own name: `w1`. Absent for the first page of its section. */
  readonly title?: string;
  readonly section: Section;
  /** What makes the page look different; empty for a page on which somebody types. */
  readonly live: readonly Topic[];
  /** What a screen reader is told when it changes: `30 machines: 1 failed, 29 up`. */
  readonly summary?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type PageView =
  'machines' | 'machine' | 'profiles' | 'profile' | 'editor' | 'releases' | 'health' | 'confirm' | 'error';

/** What is around every page. */
export interface Frame {
  /** For the forms: the field `csrf`. */
  readonly csrf: string;
  /** What the operator just did. */
  readonly done?: Done;
  /** How many things the Health page has to tell; undefined when nobody knows. */
  readonly attention?: number;
}
