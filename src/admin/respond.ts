import type { Request, Response } from 'express';
import { belowPath } from './below-path.ts';
import { JSON_TYPE, lineReply, makeReply, sendReply, type Reply } from '../http/reply.ts';

/** Sends an answer. A body that nobody has read ends the connection: what is in it must not become a request. */
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
