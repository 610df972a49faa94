import { Router, type NextFunction, type Request, type Response } from 'express';
import { Failure } from '../../model/failure.ts';
import type { Log } from '../../model/log.ts';
import type { Origin } from '../../model/origin.ts';
import { show } from '../../http/percent.ts';
import { makeReply, TEXT } from '../../http/reply.ts';
import type { OperatorAuth } from '../auth/operator-auth.ts';
import { abandoned } from '../express-failure.ts';
import type { Guard, Refusal } from '../guard.ts';
import type { Office } from '../service/operations.ts';
import { respond, respondJson } from '../respond.ts';
import { apiErrorOf, errorBody } from './api-error.ts';
import type { ApiAsk, ApiRoute } from './route.ts';
import { API_ROUTES } from './api-table.ts';
import type { EventStreams } from './event-streams.ts';
import { closedObject } from './json-schema.ts';
import { openApiDocument } from './openapi.ts';
import { readJson } from './read-json.ts';
import { createRequestChecks, type RequestChecks } from './request-schema.ts';

export interface ApiOptions {
  readonly office: Office;
  readonly auth: OperatorAuth;
  readonly guard: Guard;
  readonly streams: EventStreams;
  readonly origin: (req: Request) => Origin;
  /** What stands before /api/v1 in a browser; empty for most. */
  readonly path: string;
  readonly asFailure: (error: unknown) => unknown;
  readonly log: Log;
}

/** Everything below /api/v1. */
export function createApi(options: ApiOptions): Router {
  const { guard, log, asFailure } = options;
  const router = Router({ caseSensitive: true, strict: true });
  const checks = createRequestChecks();
  const document = { ...openApiDocument(API_ROUTES), servers: [{ url: `${options.path}/api/v1` }] };

  router.get('/openapi.json', (req, res) => {
    respondJson(req, res, 200, document);
  });
  router.all('/openapi.json', wrongMethod(['get']));
  router.use(guard.admit(refuse), guard.ownRequestsOnly);
  for (const route of API_ROUTES) router[route.method](expressPath(route.path), handlerOf(route, checks, options));
  for (const [path, methods] of methodsByPath()) router.all(expressPath(path), wrongMethod(methods));
  router.use((req: Request) => {
    throw new Failure('not-found', `the API has no ${show(req.path)}`, { remedy: 'see /api/v1/openapi.json' });
  });
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error's handler by its four parameters
  router.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    if (abandoned(error, res, log)) return;
    const answer = apiErrorOf(asFailure(error), log);
    respondJson(req, res, answer.status, errorBody(answer), answer.headers);
  });
  return router;
}

function handlerOf(route: ApiRoute, checks: RequestChecks, { office, auth, guard, streams, origin }: ApiOptions) {
  const checkQuery = checks.query(route.query ?? {});
  const checkBody = checks.body(route.body?.schema ?? closedObject({}));
  return async (req: Request, res: Response): Promise<void> => {
    const { answer } = route;
    const body = route.method === 'get' ? undefined : await readJson(req);
    const ask: ApiAsk = {
      office,
      access: guard.accessOf(req),
      origin: () => origin(req),
      newLink: () => auth.newLink(origin(req)),
      param: (name) => String(req.params[name] ?? ''),
      // An object without a prototype from node:querystring; of a key that came twice, a list, which no schema has.
      query: checkQuery({ ...req.query }),
      body: checkBody(body ?? (route.body?.required === true ? undefined : {})),
    };
    switch (answer.kind) {
      case 'json':
        respondJson(req, res, 200, await answer.give(ask));
        break;
      case 'text':
        respond(req, res, makeReply(200, ['Content-Type', TEXT], Buffer.from(await answer.give(ask))));
        break;
      case 'events':
        if (req.method === 'HEAD')
          respond(req, res, makeReply(200, ['Content-Type', 'text/event-stream'], Buffer.alloc(0)));
        else streams.open(res, ask.access);
        break;
    }
  };
}

/** What a program hears that is not let in. */
function refuse(req: Request, res: Response, verdict: Refusal): void {
  if (verdict.kind === 'wait') {
    const message = 'too many wrong tokens came from this address';
    const remedy = `wait ${String(verdict.seconds)} seconds`;
    const headers = ['Retry-After', String(verdict.seconds)];
    respondJson(req, res, 429, errorBody({ code: 'too-many-failures', message, remedy }), headers);
    return;
  }
  const wrong = verdict.kind === 'wrong';
  const message = wrong ? 'this is not the admin token' : 'the API is for operators';
  const remedy = 'send Authorization: Bearer TOKEN; the token is in state/admin-token of the data directory';
  // RFC 6750, 3: the error only for a token that was shown.
  const challenge = `Bearer realm="pilotlight"${wrong ? ', error="invalid_token"' : ''}`;
  respondJson(req, res, 401, errorBody({ code: 'unauthenticated', message, remedy }), ['WWW-Authenticate', challenge]);
}

function wrongMethod(methods: readonly string[]) {
  const allowed = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return (req: Request, res: Response): void => {
    const message = `${show(req.method)} is not allowed on ${show(req.path)}`;
    const body = errorBody({ code: 'method-not-allowed', message, remedy: `use ${allowed.join(' or ')}` });
    respondJson(req, res, 405, body, ['Allow', allowed.join(', ')]);
  };
}

function methodsByPath(): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, readonly string[]>();
  for (const { path, method } of API_ROUTES) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}

function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
