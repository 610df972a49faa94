import type { Request, Response, Router } from 'express';
import { peerOf } from '../../http/client-address.ts';
import { show } from '../../http/request.ts';
import { methodReply } from '../../http/reply.ts';
import { Failure } from '../../model/failure.ts';
import { isLoopback } from '../../model/machine.ts';
import type { Origin } from '../../model/plan.ts';
import type { Log } from '../../model/service.ts';
import { cameByTls, clientKey, HOME, nextPath, senderOf } from '../auth/client.ts';
import type { OperatorAuth, Verdict } from '../auth/operator-auth.ts';
import { factsOf, type Guard } from '../guard.ts';
import { type Draw, respond, respondHtml, respondLine, seeOther } from '../respond.ts';
import { readForm } from './form-fields.ts';
import { readAsset, respondAsset } from './html.ts';

const PATH = '/dashboard/login';
const MAX_SECRET = 2048;
/** A text on its way through the login; with it the name, the password and where to go. */
const MAX_EDIT = 2 ** 20;
const MAX_FORM = MAX_EDIT + 4 * MAX_SECRET;

export interface LoginOptions {
  readonly auth: OperatorAuth;
  readonly guard: Guard;
  readonly draw: Draw;
  readonly baseUrl: Origin | undefined;
  readonly log: Log;
}

/** What a browser sent whose session had ended meanwhile. */
export interface Login {
  /** Whether it is an edit: the text of it must not be lost. */
  carries(req: Request): boolean;
  /** Answers it with the login form, which takes the text along: after the login it goes on to the preview. */
  carry(req: Request, res: Response): Promise<void>;
}

/** The way in, open to all: by the form, which takes a user's name and password or the admin token, or by a login link. */
export function mountLogin(router: Router, { auth, guard, draw, baseUrl, log }: LoginOptions): Login {
  const style = readAsset('login.css');
  router.get('/dashboard/login.css', (req, res) => {
    respondAsset(req, res, style, 'public, max-age=3600');
  });

  router.get(PATH, (req, res) => {
    const next = nextPath(req.query['next']);
    if (guard.check(req).kind === 'access') {
      // Also a browser that opens a used link again.
      seeOther(req, res, next);
      return;
    }
    const { code } = req.query;
    // A HEAD looks, it does not go in. A code that came twice is none.
    if (req.method !== 'GET' || typeof code !== 'string') page(req, res, 200, { next });
    else if (isPrefetch(req)) respondLine(req, res, 503, 'a login link is not for loading ahead');
    else if (isPart(req)) respondLine(req, res, 403, 'a login link is for opening, not for a part of a page');
    else {
      conclude(req, res, auth.redeem(code, clientKey(req, baseUrl), factsOf(req)), {
        next,
        wrong: 'This link has been used, or it is older than a quarter of an hour.',
        // No redirect: a browser that came from another site (a mail, a chat) sends no SameSite=Strict cookie on those
        // that follow. What this page of ours loads next gets the cookie.
        enter: () => {
          page(req, res, 200, { next, entered: true });
        },
      });
    }
  });

  router.post(PATH, async (req, res) => {
    if (senderOf(req.headers, baseUrl) === 'foreign') {
      throw new Failure('refused', 'this was not sent from a page of this server', {
        remedy: 'open /dashboard/login and try again',
      });
    }
    const form = await readForm(req, MAX_FORM);
    const [name, secret] = [textOf(form['username']).trim().toLowerCase(), textOf(form['token'])];
    if (name.length + secret.length > MAX_SECRET)
      throw new Failure('too-large', `name and password are over ${MAX_SECRET} characters`);
    const next = nextPath(form['next']);
    const edit = EDIT.test(next) ? fieldsThat(form, (field) => field.startsWith(CARRIED)) : [];
    const client = clientKey(req, baseUrl);
    const verdict =
      name === ''
        ? auth.logIn(secret.trim(), client, factsOf(req))
        : await auth.logInUser(name, secret, client, factsOf(req));
    conclude(req, res, verdict, {
      ...{ next, name, edit },
      wrong: name === '' ? 'This is not the admin token.' : 'No user has this name and password.',
      enter: () => {
        if (edit.length === 0) seeOther(req, res, next);
        else {
          const fields = edit.map(({ name: field, value }) => ({ name: field.slice(CARRIED.length), value }));
          page(req, res, 200, { next, entered: true, edit: fields });
        }
      },
    });
  });

  router.all(PATH, (req, res) => {
    respond(req, res, methodReply(show(req.method), PATH, ['GET', 'HEAD', 'POST']));
  });

  interface Outcome {
    readonly next: string;
    readonly name?: string;
    readonly edit?: readonly Field[];
    readonly wrong: string;
    readonly enter: () => void;
  }

  function conclude(
    req: Request,
    res: Response,
    verdict: Verdict,
    { next, name = '', edit = [], wrong, enter }: Outcome,
  ): void {
    const from = clientKey(req, baseUrl);
    switch (verdict.kind) {
      case 'access':
        log.info({ from, who: verdict.access.who }, 'an operator logged in');
        guard.setCookie(req, res, verdict.access);
        enter();
        break;
      case 'wait': {
        const problem = `Too many failures. Wait ${verdict.seconds} s and try again.`;
        page(req, res, 429, { next, name, problem, edit }, ['Retry-After', String(verdict.seconds)]);
        break;
      }
      case 'none':
      case 'wrong':
        log.warn({ from }, 'login failed');
        page(req, res, 403, { next, name, problem: wrong, edit });
        break;
    }
  }

  interface Shown {
    /** Where to go afterwards: a path of ours. */
    readonly next: string;
    /** What was typed before. */
    readonly name?: string;
    /** What went wrong before; one sentence. */
    readonly problem?: string;
    readonly entered?: boolean;
    /** What goes on to the preview, as fields of the form. */
    readonly edit?: readonly Field[];
  }

  function page(req: Request, res: Response, status: number, shown: Shown, headers?: readonly string[]): void {
    respondHtml(
      req,
      res,
      status,
      `${draw('login', { ...NOTHING, plain: isReadable(req, baseUrl), ...shown })}\n`,
      headers,
    );
  }

  return {
    // A program that posts a form reads a line and a status; another site's page must not put words into this one.
    carries: (req) =>
      req.method === 'POST' &&
      EDIT.test(req.path) &&
      senderOf(req.headers, baseUrl) === 'own' &&
      (req.get('accept') ?? '').includes('text/html'),
    async carry(req, res) {
      const form = await readForm(req, MAX_EDIT);
      const next = nextPath(req.path.replace(EDIT, '/preview'));
      const edit = fieldsThat(form, () => true).map(({ name, value }) => ({ name: `${CARRIED}${name}`, value }));
      const problem = 'Your session has ended. Your text is kept: log in, and it goes on.';
      page(req, res, 401, { next, problem, edit }, ['WWW-Authenticate', 'Bearer realm="pilotlight"']);
    },
  };
}

const NOTHING = { problem: undefined, name: '', entered: false, edit: [] };

/** What the editors post; nothing is written before its preview was seen. */
const EDIT = /\/(?:preview|save)$/;
const CARRIED = 'edit-';

interface Field {
  readonly name: string;
  readonly value: string;
}

/** A field that came twice is none. */
function fieldsThat(form: Readonly<Record<string, unknown>>, wanted: (name: string) => boolean): readonly Field[] {
  return Object.entries(form).flatMap(([name, value]) =>
    wanted(name) && typeof value === 'string' ? [{ name, value }] : [],
  );
}

/** By plain HTTP from another host: what is typed can be read on the way. */
function isReadable(req: Request, baseUrl: Origin | undefined): boolean {
  return !cameByTls(req, baseUrl) && !isLoopback(peerOf(req) ?? '');
}

/** A field that came twice is none. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The way out, for those who are in. */
export function mountLogout(router: Router, { auth, guard }: Pick<LoginOptions, 'auth' | 'guard'>): void {
  router.post('/dashboard/logout', async (req, res) => {
    const { session } = guard.accessOf(req);
    if (session !== undefined) await auth.sessions.end(session);
    guard.setCookie(req, res, undefined);
    seeOther(req, res, `${HOME}/login`);
  });
}

/** Browsers and link previews load ahead what was never opened: that must not use up the code. */
function isPrefetch({ headers }: Request): boolean {
  return /\b(?:prefetch|prerender)\b/i.test(String(headers['sec-purpose'] ?? headers['purpose'] ?? ''));
}

/** An image, a script or a frame of some page: what browsers say of it (Fetch Metadata, 2.1), where they say it. */
function isPart({ headers }: Request): boolean {
  const dest = headers['sec-fetch-dest'];
  return dest !== undefined && dest !== 'document' && dest !== 'empty';
}
