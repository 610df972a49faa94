import { readAssets, type Asset } from './assets.ts';
import { doneText } from './done.ts';
import type { Frame, Page, Section } from './page.ts';
import { readViews } from './views.ts';

/** Pages as HTML. Pure: the same page in the same frame is the same text. */
export interface Dashboard {
  /** A whole document. */
  page(page: Page, frame: Frame): string;
  /** Only what changes while the page is open: `<div id="live">`, to be put in the place of the one before. */
  fragment(page: Page, frame: Frame): string;
  asset(name: string): Asset | undefined;
}

const SECTIONS: readonly Section[] = ['Machines', 'Profiles', 'Releases', 'Health'];

/** Reads its templates, its style and its script once. */
export function createDashboard(): Dashboard {
  const draw = readViews();
  const assets = readAssets();
  const href = (name: string): string => assets.get(name)?.href ?? '';

  function live(page: Page, frame: Frame): string {
    const body = draw(page.view, { ...page.data, csrf: frame.csrf });
    return draw('live', { body, summary: page.summary ?? '' });
  }

  return {
    page: (page, frame) =>
      draw('layout', {
        title: [page.title, page.section, 'Pilotlight'].filter((part) => part !== undefined).join(' - '),
        styleHref: href('dashboard.css'),
        scriptHref: href('dashboard.js'),
        markHref: href('pilotlight.svg'),
        nav: SECTIONS.map((section) => ({
          word: section,
          href: `/dashboard/${section.toLowerCase()}`,
          current: section === page.section,
          count:
            section === 'Health' && frame.attention !== undefined && frame.attention > 0 ? frame.attention : undefined,
        })),
        done: frame.done === undefined ? undefined : doneText(frame.done),
        topics: page.live.join(' '),
        csrf: frame.csrf,
        live: live(page, frame),
      }),
    fragment: live,
    asset: (name) => assets.get(name),
  };
}
