import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { show } from '../../http/request.ts';
import { readBody } from '../../http/read-body.ts';
import { isOutOfHandles, makeReply, RETRY_AFTER, STATUS, TEXT } from '../../http/reply.ts';
import { Failure, failureLine, type Place } from '../../model/failure.ts';
import type { Origin } from '../../model/plan.ts';
import { MAX_PROFILE_BYTES } from '../../model/profile.ts';
import type { Log } from '../../model/service.ts';
import type { OperatorAuth } from '../auth/operator-auth.ts';
import { abandoned, respond, respondJson } from '../respond.ts';
import type { Guard, Refusal } from '../guard.ts';
import { demand } from '../service/operations.ts';
import type { AdminOperations } from '../service/service.ts';
import { mediaType, refuseCoded } from '../web/form-fields.ts';
import type { EventStreams } from './event-streams.ts';
import { isRequired, openApiDocument } from './openapi.ts';
import { createRequestChecks, type RequestChecks } from './request-schema.ts';
import type { ApiAsk, ApiRoute } from './route.ts';
import { API_ROUTES } from './routes.ts';

/** A whole profile. */
const MAX_BODY = MAX_PROFILE_BYTES;

/** The JSON of a request's body, undefined when it has none. Throws `too-large` (over 16 MiB) and `invalid`. */
async function readJson(req: IncomingMessage): Promise<unknown> {
  if (!hasBody(req)) return undefined;
  refuseCoded(req);
  if (mediaType(req) !== 'application/json') {
    // Also because a form of another site can send anything but this type without asking first.
    throw new Failure('invalid', 'the body is not JSON', { remedy: 'send it as Content-Type: application/json' });
  }
  const bytes = await readBody(req, MAX_BODY);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new Failure('invalid', 'the body cannot be read as JSON', {
      remedy: 'check it, for example with jq',
      cause: error,
    });
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

export interface ApiOptions {
  readonly adminService: AdminOperations;
  readonly auth: OperatorAuth;
  readonly guard: Guard;
  readonly streams: EventStreams;
  readonly origin: (req: Request) => Origin;
  /** Where login links lead to. */
  readonly linkOrigin: (req: Request) => Origin;
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
  const document = openApiDocument(API_ROUTES, options.path);

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

function handlerOf(
  route: ApiRoute,
  checks: RequestChecks,
  { adminService, auth, guard, streams, origin, linkOrigin }: ApiOptions,
) {
  const checkQuery = checks.query(route.query);
  const checkBody = checks.body(route.body);
  return async (req: Request, res: Response): Promise<void> => {
    const { answer } = route;
    // Before anything of the request is read: what it would do is not theirs to try.
    demand(route.does);
    const body = route.method === 'get' ? undefined : await readJson(req);
    const ask: ApiAsk = {
      service: adminService,
      access: guard.accessOf(req),
      origin: () => origin(req),
      newLink: () => auth.newLink(linkOrigin(req)),
      param: (name) => String(req.params[name] ?? ''),
      // An object without a prototype from node:querystring; of a key that came twice, a list, which no schema has.
      query: checkQuery({ ...req.query }),
      body: checkBody(body ?? (isRequired(route.body) ? undefined : {})),
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
    const remedy = `wait ${verdict.seconds} seconds`;
    const headers = ['Retry-After', String(verdict.seconds)];
    respondJson(req, res, 429, errorBody({ code: 'too-many-failures', message, remedy }), headers);
    return;
  }
  const wrong = verdict.kind === 'wrong';
  const message = wrong ? 'this is no token that lets in' : 'the API is for operators';
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

/** Every answer of the API that is not what was asked for. */
interface ApiError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
  readonly remedy?: string;
  /** Further header lines: name, value. */
  readonly headers: readonly string[];
}

/** What a program hears of something that was thrown; of a bug only a number under which the log has everything. */
export function apiErrorOf(error: unknown, log: Log): ApiError {
  if (error instanceof Failure) {
    const { code, message, place, remedy } = error;
    const status = STATUS[code];
    if (status >= 500) log.warn({ problem: failureLine(error) }, 'a request could not be answered');
    const headers = status === 503 ? ['Retry-After', String(RETRY_AFTER)] : [];
    const details = { place, remedy };
    return { status, code, message, ...details, headers };
  }
  if (isOutOfHandles(error)) {
    log.warn({ err: error }, 'no file handles left');
    const headers = ['Retry-After', String(RETRY_AFTER)];
    return { status: 503, code: 'unavailable', message: 'the server has no file handles left', headers };
  }
  const requestId = randomBytes(6).toString('hex');
  log.error({ requestId, err: error }, 'internal error');
  const remedy = "the server's log says more under this number";
  return { status: 500, code: 'internal', message: `internal error, request ${requestId}`, remedy, headers: [] };
}

/** The body of the answer. */
export function errorBody({ code, message, place, remedy }: Omit<ApiError, 'headers' | 'status'>): object {
  return { error: { code, message, place, remedy } };
}
