import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Failure } from '../../../domain/failure.ts';
import type { Log } from '../../../domain/log.ts';
import type { Origin } from '../../../domain/origin.ts';
import { failureReply } from '../failure-reply.ts';
import { originOf } from '../origin.ts';
import { show } from '../percent.ts';
import { lineReply, sendReply } from '../reply.ts';
import { readHead } from '../request-head.ts';
import type { Overview } from '../start-page.ts';
import type { Office } from './office.ts';
import { mountPages } from './pages.ts';

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

  app.use((req, res, next) => {
    res.once('close', () => {
      log.debug({ method: req.method, url: req.originalUrl, status: res.statusCode, from: req.ip }, 'answered');
    });
    next();
  });
  mountPages(app, {
    office: {} as Office,
    origin: (req) => originOf(readHead(req.rawHeaders), req.socket, baseUrl),
    csrf: () => '',
    overview,
    log,
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
