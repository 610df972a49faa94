import type { Request, RequestHandler, Response, Router } from 'express';
import { show } from '../../http/request.ts';
import { ClientLeft } from '../../http/read-body.ts';
import { failureReply, methodReply, STATUS } from '../../http/reply.ts';
import { asFailure, Failure, placeText, unlessFailed } from '../../model/failure.ts';
import type { Origin } from '../../model/plan.ts';
import type { Log } from '../../model/service.ts';
import type { HealthView } from '../../model/views.ts';
import type { Role } from '../../model/operator.ts';
import { type Draw, respond, respondHtml, seeOther } from '../respond.ts';
import { currentActor } from '../service/actor.ts';
import { allowedTo } from '../service/operations.ts';
import type { AdminOperations } from '../service/service.ts';
import { type Done, doneText, parseDone } from './format.ts';
import { type Asset, readAsset, readBuilt } from './html.ts';

/** The parts of the dashboard, in the order of its navigation. */
const SECTIONS = ['Machines', 'Profiles', 'Files', 'Releases', 'Activity', 'Users', 'Health'] as const;
export type Section = (typeof SECTIONS)[number];

/** A view (views/NAME.hbs) with everything that it shows, all of it decided: templates only lay out. */
export interface Page {
  readonly view: string;
  /** The page's own name: `w1`. Absent for the first page of its section. */
  readonly title?: string;
  readonly section: Section;
  /** What makes the page look different, as `/api/v1/events` names it; empty for a page in which people type. */
  readonly live: readonly ('machines' | 'profiles' | 'releases')[];
  /** What a screen reader is told when it changes: `30 machines: 1 failed, 29 up`. */
  readonly summary?: string;
  /** Programs of assets/ beside the one that all pages have: one that was not built is left out. */
  readonly scripts?: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What the pages need. A request that gets as far as a page is an operator's, and a POST was sent from a page of ours;
 * `req.body` holds the fields of a posted form. The strict headers are set already.
 */
export interface PageDeps {
  readonly adminService: AdminOperations;
  readonly draw: Draw;
  /** Where the server is, for the addresses that pages show. Throws Failure `invalid` for a bad Host line. */
  readonly origin: (req: Request) => Origin;
  readonly log: Log;
}

type Handler = (req: Request, res: Response) => Promise<void>;

/** How pages answer. */
export interface PageShow {
  readonly assets: ReadonlyMap<string, Asset>;
  /** The whole page, or only its live part for a script that asks for it (`X-Fragment: 1`, `?fragment=1`). */
  page(req: Request, res: Response, page: Page, status?: number): Promise<void>;
  /** After a form: on to the page that shows what it did. */
  done(req: Request, res: Response, path: string, done: Done): void;
  /** A failure becomes a page of the section, with its status; everything else is thrown on. */
  route(section: Section, path: string, handlers: { get?: Handler; post?: Handler }): void;
  /** A path that no page has: a page says so, and leads on. */
  readonly nothing: RequestHandler;
}

export function createPageShow(router: Router, { adminService, draw, log }: PageDeps): PageShow {
  const frame = createFrame(draw);

  async function page(req: Request, res: Response, shown: Page, status = 200): Promise<void> {
    const fragment = req.get('x-fragment') === '1' || req.query['fragment'] === '1';
    const { role } = currentActor();
    const html = fragment
      ? frame.fragment(shown, role)
      : frame.page(shown, {
          role,
          done: parseDone(req.query['done']),
          // A page is worth as much without the number beside Health.
          attention: attention(await unlessFailed(adminService.health())),
        });
    respondHtml(req, res, status, html);
  }

  function guarded(section: Section, handler: Handler): RequestHandler {
    return async (req, res) => {
      try {
        await handler(req, res);
      } catch (error) {
        const failure = asFailure(error);
        if (failure instanceof ClientLeft || res.headersSent) throw error;
        if (STATUS[failure.code] >= 500) failureReply(failure, log); // it writes the log
        await page(req, res, errorPage(failure, section), STATUS[failure.code]);
      }
    };
  }

  return {
    assets: frame.assets,
    page,
    nothing: guarded('Machines', (req) => {
      throw new Failure('not-found', `nothing is at ${show(req.path)}`, {
        remedy: 'an address from an older version, or a slip; the navigation leads to everything there is',
      });
    }),
    done(req, res, path, done) {
      seeOther(req, res, `${path}?done=${done}`);
    },
    route(section, path, { get, post }) {
      const route = router.route(path);
      if (get !== undefined) route.get(guarded(section, get));
      if (post !== undefined) route.post(guarded(section, post));
      const allowed = [...(get === undefined ? [] : ['GET', 'HEAD']), ...(post === undefined ? [] : ['POST'])];
      route.all((req, res) => {
        respond(req, res, methodReply(show(req.method), show(req.path), allowed));
      });
    },
  };
}

/** How many things there are to do something about. */
export function attention(health: Pick<HealthView, 'problems' | 'troubles'> | undefined): number {
  return health === undefined ? 0 : health.problems.length + health.troubles.length;
}

/** Pages as HTML. Pure: the same page with the same head is the same text. */
export interface Frame {
  /** A whole document. `done`: what the operator just did; `role`: what is shown has no button that it may not use. */
  page(page: Page, head: { readonly done?: Done; readonly attention: number; readonly role: Role }): string;
  /** Only what changes while the page is open: `<div id="live">`, to be put in the place of the one before. */
  fragment(page: Page, role: Role): string;
  readonly assets: ReadonlyMap<string, Asset>;
}

export function createFrame(draw: Draw): Frame {
  const assets = new Map(
    (['dashboard.css', 'dashboard.js', 'pilotlight.svg', 'upload.js'] as const).map((name) => [
      name as string,
      readAsset(name),
    ]),
  );
  const editor = readBuilt('editor.js');
  if (editor !== undefined) assets.set('editor.js', editor);
  const href = (name: string): string => `/dashboard/assets/${name}?v=${assets.get(name)?.digest ?? ''}`;

  // Views ask `@root.may.OPERATION`.
  function live(page: Page, role: Role): string {
    const body = draw(page.view, { ...page.data, may: allowedTo(role) });
    return draw('live', { body, summary: page.summary ?? '' });
  }

  return {
    page: (page, { done, attention: count, role }) =>
      draw('layout', {
        title: [page.title, page.section, 'Pilotlight'].filter((part) => part !== undefined).join(' - '),
        styleHref: href('dashboard.css'),
        scripts: ['dashboard.js', ...(page.scripts ?? [])].filter((name) => assets.has(name)).map(href),
        markHref: href('pilotlight.svg'),
        nav: SECTIONS.filter((section) => section !== 'Users' || allowedTo(role).users).map((section) => ({
          word: section,
          href: `/dashboard/${section.toLowerCase()}`,
          current: section === page.section,
          count: section === 'Health' && count > 0 ? count : undefined,
        })),
        done: done === undefined ? undefined : doneText(done),
        topics: page.live.join(' '),
        live: live(page, role),
      }),
    fragment: live,
    assets,
  };
}

const TITLES: Readonly<Record<Failure['code'], string>> = {
  'not-found': 'Not found',
  invalid: 'Not valid',
  conflict: 'Not possible now',
  'too-large': 'Too large',
  refused: 'Not allowed',
  unavailable: 'Not available now',
  broken: 'Something is broken',
};

/** What went wrong, where, and what to do: in the place of the page that was asked for. */
export function errorPage({ code, message, place, remedy }: Failure, section: Section): Page {
  const title = TITLES[code];
  const back = `/dashboard/${section.toLowerCase()}`;
  const where = place === undefined ? undefined : placeText(place);
  return { view: 'error', title, section, live: [], data: { title, message, place: where, remedy, back, section } };
}

/** Why a form did not do what it should: shown on the page of the form, with this status. */
export interface FormFailure {
  readonly message: string;
  readonly remedy?: string;
  readonly status: number;
}

/** Anything but a Failure is thrown on. */
export function formFailure(error: unknown): FormFailure {
  const { message, remedy, code } = asFailure(error);
  return { message, remedy, status: STATUS[code] };
}
