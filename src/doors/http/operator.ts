import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createHash } from 'node:crypto';
import { Failure } from '../../domain/failure.ts';
import type { Log } from '../../domain/log.ts';
import type { Origin } from '../../domain/origin.ts';
import { failureReply, methodReply } from './failure-reply.ts';
import { originOf } from './origin.ts';
import { show } from './percent.ts';
import { lineReply, makeReply, sendReply } from './reply.ts';
import { readHead } from './request-head.ts';
import { startPage, type Overview } from './start-page.ts';
import { START_STYLE } from './start-style.ts';

export interface OperatorDoorOptions {
  readonly baseUrl: Origin | undefined;
  readonly overview: () => Overview;
  readonly log: Log;
}

/** The door for people: everything that the machine door does not know. */
export function createOperatorDoor({ baseUrl, overview, log }: OperatorDoorOptions): Express {
  const app = express();
  app.set('query parser', 'simple'); // node:querystring: no nesting, so no objects from a query
  app.disable('x-powered-by');
  app.disable('etag');
  const headers = pageHeaders();

  app.use((req, res, next) => {
    res.once('close', () => {
      log.debug({ method: req.method, url: req.originalUrl, status: res.statusCode, from: req.ip }, 'answered');
    });
    next();
  });
  app
    .route('/dashboard')
    .get((req, res) => {
      const page = startPage(overview(), originOf(readHead(req.rawHeaders), req.socket, baseUrl));
      sendReply(res, makeReply(200, headers, Buffer.from(page)));
    })
    .all((req, res) => {
      sendReply(res, methodReply(show(req.method), show(req.path)));
    });
  app.use((req, res) => {
    sendReply(res, lineReply(404, `nothing is at ${show(req.path)} (the start page is /dashboard)`));
  });
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) next(error);
    else sendReply(res, failureReply(asFailure(error), log));
  });
  return app;
}

/** Express and its middleware mark the client's mistakes with a 4xx status; their texts are not for clients. */
function asFailure(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (error instanceof Failure || typeof status !== 'number' || status < 400 || status > 499) return error;
  return status === 413
    ? new Failure('too-large', 'the request is too large', { cause: error })
    : new Failure('invalid', 'the request is malformed', { remedy: 'check its address and its body', cause: error });
}

/** No scripts, no frames, no forms, nothing from elsewhere; the page's one style by its hash (CSP level 3). */
function pageHeaders(): readonly string[] {
  const style = createHash('sha256').update(START_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return [
    ...['Content-Type', 'text/html; charset=utf-8', 'Content-Security-Policy', policy],
    ...['X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer', 'Cache-Control', 'no-store'],
  ];
}
