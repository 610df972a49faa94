import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { ClientLeft } from '../http/read-body.ts';
import { JSON_TYPE, lineReply, makeReply, type Reply, sendReply, TEXT } from '../http/reply.ts';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';

/** Draws a view of web/views/ with its data: HTML in which every value is escaped. */
export type Draw = (view: string, data: object) => string;

/** Sends an answer. A body that was not read ends the connection: what is in it must not become a request. */
export function respond(req: Request, res: Response, reply: Reply): void {
  if (hasUnreadBody(req)) res.setHeader('Connection', 'close');
  sendReply(res, belowPath(res, forPerson(req, res, reply)));
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Not valid',
  401: 'Not logged in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not possible this way',
  429: 'Too many failures',
};

/** A line that refuses something is a page for a browser, with a way on; programs read the line. */
function forPerson(req: Request, res: Response, reply: Reply): Reply {
  const draw = res.locals['draw'] as Draw | undefined;
  const type = reply.headers[reply.headers.indexOf('Content-Type') + 1];
  const person = (req.get('accept') ?? '').includes('text/html');
  if (draw === undefined || !person || reply.status < 400 || type !== TEXT) return reply;
  const title = TITLES[reply.status] ?? 'That did not work';
  const line = Buffer.from(reply.body).toString('utf8').trim();
  const headers = [...reply.headers];
  headers[headers.indexOf('Content-Type') + 1] = 'text/html; charset=utf-8';
  const body = Buffer.from(`${draw('refusal', { title, line })}\n`);
  headers[headers.indexOf('Content-Length') + 1] = String(body.length);
  return { ...reply, headers, body };
}

/** How refusals look in a browser. */
export function setDraw(res: Response, draw: Draw): void {
  res.locals['draw'] = draw;
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

/** Attributes of our own templates; what comes from elsewhere has its quotes escaped, so it cannot look like one. */
const ADDRESS = /\b(href|action|src|formaction|content)="((?:0; url=)?)(?=\/(?:dashboard|api)\b)/g;
const PATHS = /^\/(?:dashboard|api)\b/;

/** The path below which the browser of this answer finds us. */
export function setPath(res: Response, path: string): void {
  res.locals['path'] = path;
}

/** The same answer with its redirect and its links below the path. One place for all pages: none can be forgotten. */
function belowPath(res: Response, reply: Reply): Reply {
  const path: unknown = res.locals['path'];
  if (typeof path !== 'string' || path === '') return reply;
  const headers = [...reply.headers];
  let { body } = reply;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    if (name === 'Location' && PATHS.test(value)) headers[i + 1] = path + value;
    if (name === 'Content-Type' && value.startsWith('text/html')) {
      body = Buffer.from(body.toString('utf8').replaceAll(ADDRESS, `$1="$2${path}`));
    }
  }
  const length = headers.indexOf('Content-Length');
  if (length >= 0) headers[length + 1] = String(body.length);
  return { ...reply, headers, body };
}
