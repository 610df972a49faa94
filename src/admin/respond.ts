import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { ClientLeft } from '../http/read-body.ts';
import { JSON_TYPE, lineReply, makeReply, type Reply, sendReply } from '../http/reply.ts';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import { belowPath } from './below-path.ts';

/** Sends an answer. A body that was not read ends the connection: what is in it must not become a request. */
export function respond(req: Request, res: Response, reply: Reply): void {
  if (hasUnreadBody(req)) res.setHeader('Connection', 'close');
  sendReply(res, belowPath(res, reply));
}

/** One line of text for a person or a script. */
export function respondLine(req: Request, res: Response, status: number, line: string, more?: readonly string[]): void {
  respond(req, res, lineReply(status, line, more));
}

export function respondJson(
  req: Request,
  res: Response,
  status: number,
  value: unknown,
  more: readonly string[] = [],
): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  respond(req, res, makeReply(status, ['Content-Type', JSON_TYPE, ...more], body));
}

export function respondHtml(
  req: Request,
  res: Response,
  status: number,
  page: string,
  more: readonly string[] = [],
): void {
  respond(req, res, makeReply(status, ['Content-Type', 'text/html; charset=utf-8', ...more], Buffer.from(page)));
}

/** 303: the next request is a GET, whatever this one was (RFC 9110, 15.4.4). */
export function seeOther(req: Request, res: Response, path: string): void {
  respondLine(req, res, 303, `see ${path}`, ['Location', path]);
}

function hasUnreadBody(req: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  return !req.readableEnded && (coding !== undefined || (length !== undefined && length !== '0'));
}

/** Express and its middleware mark the client's mistakes with a 4xx status; their texts are not for clients. */
export function expressFailure(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (error instanceof Failure || typeof status !== 'number' || status < 400 || status > 499) return error;
  return status === 413
    ? new Failure('too-large', 'the request is too large', { cause: error })
    : new Failure('invalid', 'the request is malformed', { remedy: 'check its address and its body', cause: error });
}

/** True for what cannot be answered any more: the client has left, or the answer has begun. Then it is over here. */
export function abandoned(error: unknown, res: ServerResponse, log: Log): boolean {
  const left = error instanceof ClientLeft;
  if (!left && !res.headersSent) return false;
  if (!left) log.error({ err: error }, 'an answer could not be finished');
  res.destroy();
  return true;
}
