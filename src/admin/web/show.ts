import type { Request, RequestHandler, Response, Router } from 'express';
import { show } from '../../http/query.ts';
import { ClientLeft } from '../../http/read-body.ts';
import { failureReply, methodReply, STATUS } from '../../http/reply.ts';
import { Failure, placeText } from '../../model/failure.ts';
import type { Origin } from '../../model/plan.ts';
import type { Log } from '../../model/service.ts';
import { respond, respondHtml, seeOther } from '../respond.ts';
import type { AdminService } from '../service/operations.ts';
import { type Done, parseDone } from './format.ts';
import { attention } from './health-page.ts';
import { createDashboard, type Dashboard, type Frame, type Page, type Section } from './pages.ts';

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

type Handler = (req: Request, res: Response) => Promise<void>;

/** How routes show what they have: the same for all pages. */
export interface PageShow {
  readonly dashboard: Dashboard;
  /** The whole page, or only its live part for a script that asks for it (`X-Fragment: 1`, `?fragment=1`). */
  page(req: Request, res: Response, page: Page, status?: number): Promise<void>;
  /** After a form: on to the page that shows what it did. */
  done(req: Request, res: Response, path: string, done: Done): void;
  /** A failure becomes a page of the section, with its status; everything else is left to the door. */
  route(router: Router, path: string, section: Section, handlers: { get?: Handler; post?: Handler }): void;
}

export function createPageShow(deps: PageDeps): PageShow {
  const dashboard = createDashboard();

  async function frame(req: Request): Promise<Frame> {
    return { done: parseDone(req.query['done']), attention: await countAttention(deps) };
  }

  async function page(req: Request, res: Response, shown: Page, status = 200): Promise<void> {
    const html = wantsFragment(req) ? dashboard.fragment(shown) : dashboard.page(shown, await frame(req));
    respondHtml(req, res, status, html);
  }

  function guarded(section: Section, handler: Handler): RequestHandler {
    return async (req, res) => {
      try {
        await handler(req, res);
      } catch (error) {
        if (!(error instanceof Failure) || error instanceof ClientLeft || res.headersSent) throw error;
        if (STATUS[error.code] >= 500) failureReply(error, deps.log); // it writes the log
        await page(req, res, errorPage(error, section), STATUS[error.code]);
      }
    };
  }

  return {
    dashboard,
    page,
    done(req, res, path, done) {
      seeOther(req, res, `${path}?done=${done}`);
    },
    route(router, path, section, { get, post }) {
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

/** The number beside Health. A page is not worth less because nobody knows it. */
async function countAttention({ adminService }: PageDeps): Promise<number | undefined> {
  try {
    return attention(await adminService.health());
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function wantsFragment(req: Request): boolean {
  return req.get('x-fragment') === '1' || req.query['fragment'] === '1';
}

/**
 * What the pages need of the door. Who gets as far as a page is logged in, and a POST was sent from a page of ours;
 * `req.body` holds the fields of a posted form (strings, an array for a field that came more than once). The strict
 * headers are set already, `Cache-Control: no-store` among them: an asset may set its own.
 */
export interface PageDeps {
  readonly adminService: AdminService;
  /** Where the server is, for the addresses that pages show. Throws Failure `invalid` for a bad Host line. */
  readonly origin: (req: Request) => Origin;
  readonly log: Log;
}
