import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { peerOf } from '../http/client-address.ts';
import { MAX_PROFILE_BYTES } from '../model/profile.ts';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import { type Origin, pathOf } from '../model/plan.ts';
import { cameByTls, clientKey, senderOf } from './auth/client.ts';
import type { Access, OperatorAuth, Verdict } from './auth/operator-auth.ts';
import type { SessionFacts } from './auth/sessions.ts';
import { runAs } from './service/actor.ts';
import { mediaType, readForm } from './web/form-fields.ts';

/** A profile in the editor, percent-encoded: its quotes and line ends are three bytes each. */
const MAX_FORM = 2 * MAX_PROFILE_BYTES;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface GuardOptions {
  readonly auth: OperatorAuth;
  readonly baseUrl: Origin | undefined;
  readonly log: Log;
}

export interface Guard {
  /** What the request may do; a wrong token is written in the log. */
  check(req: Request): Verdict;
  /** Admits operators, renews their cookie, and hands every other request to `refuse`. */
  admit(refuse: Refuse): RequestHandler;
  /** Refuses what changes something and was not sent from a page of ours by its session. Reads a form's body. */
  readonly ownRequestsOnly: RequestHandler;
  /** Throws for a request that was not let in: a bug. */
  accessOf(req: IncomingMessage): Access;
  /** A Set-Cookie line for a session that was just opened, or one that takes the cookie away. */
  setCookie(req: Request, res: Response, access: Access | undefined): void;
}

/** What the list of sessions tells of it. */
export function factsOf(req: Request): SessionFacts {
  return { from: peerOf(req), agent: req.get('user-agent') };
}

export type Refusal = Exclude<Verdict, { readonly kind: 'access' }>;
export type Refuse = (req: Request, res: Response, verdict: Refusal) => void | Promise<void>;

export function createGuard({ auth, baseUrl, log }: GuardOptions): Guard {
  const path = pathOf(baseUrl);
  const admitted = new WeakMap<IncomingMessage, Access>();

  function check(req: Request): Verdict {
    const client = clientKey(req, baseUrl);
    const verdict = auth.check(req.headers, client);
    if (verdict.kind === 'wrong') log.warn({ from: client }, 'wrong token');
    const session = verdict.kind === 'access' ? verdict.access.session : undefined;
    if (session !== undefined) auth.sessions.seen(session, factsOf(req));
    return verdict;
  }

  function accessOf(req: IncomingMessage): Access {
    const access = admitted.get(req);
    if (access === undefined) throw new TypeError('a request got past the guard');
    return access;
  }

  function setCookie(req: Request, res: Response, access: Access | undefined): void {
    const secure = cameByTls(req, baseUrl);
    const session = access?.session;
    const line = session === undefined ? auth.sessions.noCookie(secure) : auth.sessions.cookie(session, secure);
    res.setHeader('Set-Cookie', ofPath(line));
  }

  /** Where we share a host with others, they need not see it. */
  function ofPath(line: string): string {
    return path === '' ? line : line.replace('; Path=/;', `; Path=${path};`);
  }

  function renew(req: Request, res: Response, { session }: Access): void {
    const renewed = session === undefined ? undefined : auth.sessions.renewed(session);
    if (renewed !== undefined) {
      res.setHeader('Set-Cookie', ofPath(auth.sessions.cookie(renewed, cameByTls(req, baseUrl))));
    }
  }

  function admit(refuse: Refuse): RequestHandler {
    return async (req, res, next) => {
      const verdict = check(req);
      if (verdict.kind !== 'access') {
        await refuse(req, res, verdict);
        return;
      }
      admitted.set(req, verdict.access);
      renew(req, res, verdict.access);
      const { role, who, by, user, session } = verdict.access;
      runAs({ role, who, by, user, session: session?.id, from: peerOf(req) }, next);
    };
  }

  async function ownRequestsOnly(req: Request, _res: Response, next: NextFunction): Promise<void> {
    if (!SAFE.has(req.method)) {
      if (accessOf(req).session !== undefined && senderOf(req.headers, baseUrl) !== 'own') {
        throw new Failure('refused', 'this was not sent from a page of this server', {
          remedy: 'open the dashboard and try again; programs show the token as a Bearer',
        });
      }
      if (mediaType(req) === 'application/x-www-form-urlencoded') req.body = await readForm(req, MAX_FORM);
    }
    next();
  }

  return { check, admit, ownRequestsOnly, accessOf, setCookie };
}
