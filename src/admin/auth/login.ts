import type { Request, Response, Router } from 'express';
import { createHash } from 'node:crypto';
import { Failure } from '../../model/failure.ts';
import type { Log } from '../../model/service.ts';
import type { Origin } from '../../model/plan.ts';
import { matchesTag } from '../../http/byte-range.ts';
import { makeReply, methodReply } from '../../http/reply.ts';
import { show } from '../../http/query.ts';
import { clientKey, HOME, nextPath, senderOf } from './client.ts';
import type { OperatorAuth, Verdict } from './operator-auth.ts';
import { readForm } from '../web/form-fields.ts';
import type { Guard } from '../guard.ts';
import { LOGIN_STYLE, loginPage, welcomePage } from './login-page.ts';
import { respond, respondHtml, respondLine, seeOther } from '../respond.ts';

const MAX_FORM = 8192;

export interface LoginOptions {
  readonly auth: OperatorAuth;
  readonly guard: Guard;
  readonly baseUrl: Origin | undefined;
  readonly log: Log;
}

/** The way in: open to everybody. */
export function mountLogin(router: Router, { auth, guard, baseUrl, log }: LoginOptions): void {
  const style = Buffer.from(LOGIN_STYLE);
  const tag = `"${createHash('sha256').update(style).digest('base64url').slice(0, 22)}"`;

  router.get('/dashboard/login.css', (req, res) => {
    const headers = ['Content-Type', 'text/css; charset=utf-8', 'ETag', tag, 'Cache-Control', 'public, max-age=3600'];
    const fresh = matchesTag(req.headers['if-none-match'], tag);
    respond(req, res, makeReply(fresh ? 304 : 200, headers, fresh ? Buffer.alloc(0) : style));
  });

  router.get('/dashboard/login', (req, res) => {
    const next = nextPath(req.query['next']);
    if (guard.check(req).kind === 'access') {
      // Also who opens a used link again.
      seeOther(req, res, next);
      return;
    }
    const { code } = req.query;
    // A HEAD looks, it does not go in. With a code that came twice, nobody knows which one was meant.
    if (req.method !== 'GET' || typeof code !== 'string') {
      respondHtml(req, res, 200, loginPage({ next }));
      return;
    }
    if (isPrefetch(req)) {
      respondLine(req, res, 503, 'a login link is not for loading ahead');
      return;
    }
    if (isPart(req)) {
      respondLine(req, res, 403, 'a login link is for opening, not for a part of a page');
      return;
    }
    conclude(req, res, auth.redeem(code, clientKey(req, baseUrl)), {
      next,
      wrong: 'This link has been used, or it is older than a quarter of an hour.',
      enter: () => {
        respondHtml(req, res, 200, welcomePage(next));
      },
    });
  });

  router.post('/dashboard/login', async (req, res) => {
    if (senderOf(req.headers, baseUrl) === 'foreign') {
      throw new Failure('refused', 'this was not sent from a page of this server', {
        remedy: 'open /dashboard/login and try again',
      });
    }
    const { token, next } = await readForm(req, MAX_FORM);
    const given = typeof token === 'string' ? token.trim() : '';
    conclude(req, res, auth.logIn(given, clientKey(req, baseUrl)), {
      next: nextPath(next),
      wrong: 'This is not the admin token.',
      enter: () => {
        seeOther(req, res, nextPath(next));
      },
    });
  });

  router.all('/dashboard/login', (req, res) => {
    respond(req, res, methodReply(show(req.method), '/dashboard/login', ['GET', 'HEAD', 'POST']));
  });

  interface Outcome {
    readonly next: string;
    readonly wrong: string;
    readonly enter: () => void;
  }

  function conclude(req: Request, res: Response, verdict: Verdict, { next, wrong, enter }: Outcome): void {
    const from = clientKey(req, baseUrl);
    switch (verdict.kind) {
      case 'access':
        log.info({ from }, 'an operator logged in');
        guard.setCookie(req, res, verdict.access);
        enter();
        break;
      case 'wait': {
        const problem = `Too many failures. Wait ${verdict.seconds} s and try again.`;
        respondHtml(req, res, 429, loginPage({ next, problem }), ['Retry-After', String(verdict.seconds)]);
        break;
      }
      case 'none':
      case 'wrong':
        log.warn({ from }, 'somebody failed to log in');
        respondHtml(req, res, 403, loginPage({ next, problem: wrong }));
        break;
    }
  }
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

/** Browsers and link previews load ahead what nobody has opened yet: that must not use up the code. */
function isPrefetch({ headers }: Request): boolean {
  return /\b(?:prefetch|prerender)\b/i.test(String(headers['sec-purpose'] ?? headers['purpose'] ?? ''));
}

/** An image, a script or a frame of some page: what browsers say of it (Fetch Metadata, 2.1), where they say it. */
function isPart({ headers }: Request): boolean {
  const dest = headers['sec-fetch-dest'];
  return dest !== undefined && dest !== 'document' && dest !== 'empty';
}
