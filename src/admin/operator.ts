import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { peerOf } from '../http/client-address.ts';
import { decodeStrict, originOf, readHead, show } from '../http/request.ts';
import { failureReply, makeReply, methodReply } from '../http/reply.ts';
import type { Activity } from '../model/operator.ts';
import { type Origin, pathOf } from '../model/plan.ts';
import { listener, type Log } from '../model/service.ts';
import type { ApiOptions } from './api/api.ts';
import { EventStreams } from './api/event-streams.ts';
import { HOME, nextPath } from './auth/client.ts';
import type { OperatorAuth } from './auth/operator-auth.ts';
import { createGuard, type Guard, type Refusal } from './guard.ts';
import { abandoned, expressFailure, respond, respondLine, seeOther, setDraw, setPath } from './respond.ts';
import { guardOperations } from './service/operations.ts';
import type { AdminOperations } from './service/service.ts';
import { readViews } from './web/html.ts';
import { mountLogin, mountLogout } from './web/login-page.ts';
import { mountPages } from './web/pages.ts';

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** On every answer to operators, errors included. */
export const SECURITY_HEADERS: ReadonlyMap<string, string> = new Map([
  // No inline script and no inline style: what a machine reports could not run even if it became markup.
  ['Content-Security-Policy', POLICY],
  ['X-Content-Type-Options', 'nosniff'],
  // Not `no-referrer`: under it browsers post a form with `Origin: null` (Fetch, 4.6, "append a request Origin
  // header"), which says nothing. To other sites this one is as silent.
  ['Referrer-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'],
]);

function securityHeaders(_req: Request, res: Response, next: NextFunction): void {
  for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value);
  next();
}

export interface OperatorAppOptions {
  /** Where machines find us. */
  readonly baseUrl: Origin | undefined;
  /** Where operators find us, when that is elsewhere. */
  readonly operatorUrl?: Origin | undefined;
  /** Where login links lead to, when that is not where they are asked for. */
  readonly linkOrigin?: (() => Origin) | undefined;
  readonly adminService: AdminOperations;
  readonly auth: OperatorAuth;
  readonly metrics: MetricsSource;
  /** Called for each answer with its status: cheap, please. */
  readonly onOperatorAnswer?: (status: number) => void;
  /** Called for each change that an operator made. */
  readonly onActivity?: (activity: Activity) => void;
  /** Everything below /dashboard but the login. */
  readonly pages?: typeof mountPages;
  readonly log: Log;
}

export interface OperatorApp {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** Ends the streams, which would never end by themselves. */
  close(): void;
}

/** The application for operators: every request that is not a machine's. */
export function createOperatorApp(options: OperatorAppOptions): OperatorApp {
  const { auth, log } = options;
  const baseUrl = options.operatorUrl ?? options.baseUrl;
  const adminService = guardOperations(options.adminService, { record: options.onActivity });
  const guard = createGuard({ auth, baseUrl, log });
  const streams = new EventStreams({ onChange: (listener) => adminService.onChange(listener) });
  const origin = (req: Request): Origin => originOf(readHead(req.rawHeaders), req.socket, options.baseUrl);
  const linkOrigin = (req: Request): Origin => options.linkOrigin?.() ?? options.operatorUrl ?? origin(req);
  const path = pathOf(baseUrl);
  const draw = readViews();
  const app = express();
  app.set('query parser', 'simple'); // node:querystring: no nesting, so no objects from a query
  app.enable('case sensitive routing'); // what the guard sees and what a route sees must be the same
  app.disable('x-powered-by');
  app.disable('etag');

  app.use((req, res, next) => {
    setPath(res, path);
    setDraw(res, draw);
    // Taken now: of a client that has left it cannot be asked.
    const from = peerOf(req);
    res.once(
      'close',
      listener(log, 'answered', () => {
        options.onOperatorAnswer?.(res.statusCode);
        // Without the query: a login link's code is in one.
        const [asked] = req.originalUrl.split('?', 1);
        log.debug({ method: req.method, path: asked, status: res.statusCode, from }, 'answered');
      }),
    );
    next();
  });
  app.use(securityHeaders);
  app.use((req, res, next) => {
    // Only what came by our own TLS: behind a proxy the proxy says it. Browsers then never ask this host without.
    if ('encrypted' in req.socket) res.setHeader('Strict-Transport-Security', 'max-age=31536000');
    next();
  });
  mountMetrics(app, options.metrics, guard);
  app.use(
    '/api/v1',
    lazyApi({ adminService, auth, guard, streams, origin, linkOrigin, path, asFailure: expressFailure, log }),
  );
  const login = mountLogin(app, { auth, guard, draw, baseUrl, log });

  const pages = Router({ caseSensitive: true });
  // Below this, a request is an operator's: no page has to ask.
  pages.use(
    guard.admit(async (req, res, verdict) => {
      if (verdict.kind === 'none' && login.carries(req)) await login.carry(req, res);
      else refuse(req, res, verdict);
    }),
    guard.ownRequestsOnly,
  );
  mountLogout(pages, { auth, guard });
  (options.pages ?? mountPages)(pages, { adminService, draw, origin, log });
  app.use((req, res, next) => {
    if (req.path !== HOME && !req.path.startsWith(`${HOME}/`)) next();
    else if (decodeStrict(req.path) === undefined) respondLine(req, res, 400, 'the address is not well encoded');
    else pages(req, res, next);
  });

  app.use((req, res) => {
    respondLine(req, res, 404, `nothing is at ${show(req.path)} (the start page is ${HOME})`);
  });
  // Express's own would write the stack on the terminal.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error's handler by its four parameters
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    if (abandoned(error, res, log)) return;
    respond(req, res, failureReply(expressFailure(error), log));
  });
  return {
    handle: (req, res) => {
      app(req, res);
    },
    close: () => {
      streams.close();
    },
  };
}

/** Its schemas are a tenth of a second of loading: the first request to the API waits for them, pages do not. */
function lazyApi(options: ApiOptions): RequestHandler {
  let loading: Promise<Router> | undefined;
  async function load(): Promise<Router> {
    try {
      const { createApi } = await import('./api/api.ts');
      return createApi(options);
    } catch (error) {
      // No file handles left, for example: the next request tries again.
      loading = undefined;
      throw error;
    }
  }
  return async (req, res, next) => {
    loading ??= load();
    (await loading)(req, res, next);
  };
}

/** What a browser gets that is not logged in. */
function refuse(req: Request, res: Response, verdict: Refusal): void {
  if (verdict.kind === 'wait') {
    respondTooMany(req, res, verdict);
  } else if (req.method === 'GET' || req.method === 'HEAD') {
    const next = nextPath(req.originalUrl);
    seeOther(req, res, `${HOME}/login${next === HOME ? '' : `?next=${encodeURIComponent(next)}`}`);
  } else if (req.method === 'POST') {
    // No redirect: a script would take the login page that follows for success.
    const challenge = ['WWW-Authenticate', 'Bearer realm="pilotlight"'];
    respondLine(req, res, 401, `not logged in (log in at ${HOME}/login and try again)`, challenge);
  } else {
    respond(req, res, methodReply(show(req.method), show(req.path)));
  }
}

function respondTooMany(req: Request, res: Response, { seconds }: { readonly seconds: number }): void {
  respondLine(req, res, 429, 'too many wrong tokens came from this address', ['Retry-After', String(seconds)]);
}

interface MetricsSource {
  /** `token`: like the API; `open`: for any client; `off`: not there. */
  readonly access: 'token' | 'open' | 'off';
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** `/metrics` for Prometheus, which can send a Bearer. */
function mountMetrics(router: Router, { access, render }: MetricsSource, guard: Guard): void {
  if (access === 'off') return;
  if (access === 'token') {
    router.use(
      '/metrics',
      guard.admit((req, res, verdict) => {
        const line = 'metrics are for operators (send Authorization: Bearer TOKEN, or set PILOTLIGHT_METRICS)';
        if (verdict.kind === 'wait') respondTooMany(req, res, verdict);
        else respondLine(req, res, 401, line, ['WWW-Authenticate', 'Bearer realm="pilotlight"']);
      }),
    );
  }
  router.get('/metrics', async (req, res) => {
    const { contentType, body } = await render();
    respond(req, res, makeReply(200, ['Content-Type', contentType], Buffer.from(body)));
  });
  router.all('/metrics', (req, res) => {
    respond(req, res, methodReply(show(req.method), '/metrics'));
  });
}
