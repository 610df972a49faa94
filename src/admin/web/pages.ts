import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { type Done, doneText } from './format.ts';

/** A file that every page needs: the style, the script, the mark in the tab. */
interface Asset {
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
  /** Of its bytes: an address with it never changes its meaning, so it may be kept for ever. */
  readonly digest: string;
  /** Where the door serves it. */
  readonly href: string;
}

type AssetName = 'dashboard.css' | 'dashboard.js' | 'pilotlight.svg';

const TYPES: Readonly<Record<AssetName, string>> = {
  'dashboard.css': 'text/css; charset=utf-8',
  'dashboard.js': 'text/javascript; charset=utf-8',
  'pilotlight.svg': 'image/svg+xml',
};

/** All assets, read once. There is no other way to a file: the name in an address is only looked up here. */
export function readAssets(): ReadonlyMap<string, Asset> {
  return new Map(Object.entries(TYPES).map(([name, type]) => [name, readAsset(name, type)]));
}

function readAsset(name: string, type: string): Asset {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url));
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { name, type, body, digest, href: `/dashboard/assets/${name}?v=${digest}` };
}

/** Pages as HTML. Pure: the same page in the same frame is the same text. */
export interface Dashboard {
  /** A whole document. */
  page(page: Page, frame: Frame): string;
  /** Only what changes while the page is open: `<div id="live">`, to be put in the place of the one before. */
  fragment(page: Page): string;
  asset(name: string): Asset | undefined;
}

const SECTIONS: readonly Section[] = ['Machines', 'Profiles', 'Releases', 'Health'];

/** Reads its templates, its style and its script once. */
export function createDashboard(): Dashboard {
  const draw = readViews();
  const assets = readAssets();
  const href = (name: string): string => assets.get(name)?.href ?? '';

  function live(page: Page): string {
    return draw('live', { body: draw(page.view, page.data), summary: page.summary ?? '' });
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
        live: live(page),
      }),
    fragment: live,
    asset: (name) => assets.get(name),
  };
}

/** Draws a view of this room with its data: HTML in which every value is escaped. */
type Draw = (view: string, data: object) => string;

/**
 * The templates in views/, compiled at their first use. Only this room's own files are compiled: what an operator or
 * a machine wrote is data. `strict`: a value that a template names and nobody gave is a bug, not an empty string.
 */
export function readViews(): Draw {
  const folder = new URL('./views/', import.meta.url);
  const appContext = Handlebars.create();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.hbs'))) {
    appContext.registerPartial(file.slice(0, -'.hbs'.length), readFileSync(new URL(file, folder), 'utf8').trimEnd());
  }
  const compiled = new Map<string, Handlebars.TemplateDelegate>();
  return (view, data) => {
    let template = compiled.get(view);
    if (template === undefined) {
      const source: unknown = appContext.partials[view];
      if (typeof source !== 'string') throw new TypeError(`there is no view ${view}`);
      template = appContext.compile(source, { strict: true, knownHelpersOnly: true });
      compiled.set(view, template);
    }
    return template(data);
  };
}

/** The parts of the dashboard, as its navigation names them. */
export type Section = 'Machines' | 'Profiles' | 'Releases' | 'Health';

/** What the event stream tells pages about (`/api/v1/events`). */
type Topic = 'machines' | 'profiles' | 'releases';

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

type PageView =
  'machines' | 'machine' | 'profiles' | 'profile' | 'editor' | 'releases' | 'health' | 'confirm' | 'error';

/** What is around every page. */
export interface Frame {
  /** What the operator just did. */
  readonly done?: Done;
  /** How many things the Health page has to tell; undefined when nobody knows. */
  readonly attention?: number;
}
