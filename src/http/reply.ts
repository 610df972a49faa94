import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { DocumentAnswer } from '../boot/boot-service.ts';
import { Failure, type FailureCode, failureLine } from '../model/failure.ts';
import type { Mac, MachineFacts } from '../model/machine.ts';
import type { Decision } from '../model/plan.ts';
import type { Log } from '../model/service.ts';
import { matchesTag } from './byte-range.ts';

/** The only place where a kind of failure becomes an HTTP status (RFC 9110, 15). */
export const STATUS: Readonly<Record<FailureCode, number>> = {
  'not-found': 404,
  invalid: 400,
  conflict: 409,
  'too-large': 413,
  refused: 403,
  unavailable: 503,
  broken: 500,
};

/** Seconds until a machine that met a 503 should come back. */
export const RETRY_AFTER = 5;

/** The process (EMFILE) or the system (ENFILE) has no file handle left: it passes, so it is no bug. */
export function isOutOfHandles(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EMFILE' || code === 'ENFILE';
}

/** What a reply is about, for the journal and the metrics. */
export interface ReplyAbout {
  readonly decision?: Decision | undefined;
  readonly mac?: Mac | undefined;
  /** What the machine said of itself. */
  readonly facts?: MachineFacts | undefined;
  /** Of a document: `configs/a.yml.hbs`. */
  readonly source?: string | undefined;
  /** Of a script with a token: the one address that may get it again. */
  readonly only?: string | undefined;
  /** Of a document: all of it but its secrets, also when the client has it already (304). */
  readonly delivered?: Uint8Array | undefined;
}

/** What a route says, complete, before it is sent. */
export interface Reply extends ReplyAbout {
  readonly status: number;
  /** Name, value, name, value: all but Date and Connection, which are Node's. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export const TEXT = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json';

/** A 304 has no Content-Length: it would be that of the 200 (RFC 9110, 8.6). */
export function makeReply(status: number, headers: readonly string[], body: Buffer, about: ReplyAbout = {}): Reply {
  const length = status === 304 ? [] : ['Content-Length', String(body.length)];
  const { decision, mac, facts, source, only, delivered } = about;
  return { status, headers: [...headers, ...length], body, decision, mac, facts, source, only, delivered };
}

/** One line of text. Whatever is unprintable in it is replaced: it is read in terminals. */
export function lineReply(status: number, line: string, headers: readonly string[] = []): Reply {
  const clean = line
    .replaceAll(/[\p{C}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 600);
  const all = ['Content-Type', TEXT, 'X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store', ...headers];
  return makeReply(status, all, Buffer.from(`${clean}\n`));
}

/** Bytes. Of a longer body the copy costs more than the second piece. */
const SENT_WHOLE = 16 * 1024;

/** Node leaves the body out for HEAD. A short body goes as Latin-1, byte for byte: with its header it is one piece. */
export function sendReply(res: ServerResponse, { status, headers, body }: Reply): void {
  res.writeHead(status, headers as string[]);
  if (body.length > SENT_WHOLE) res.end(body);
  else res.end(body.toString('latin1'), 'latin1');
}

/**
 * The answer of an iPXE script route. A BIOS runs a 200 that does not begin with `#!ipxe` as machine code and hangs,
 * so anything else is a bug that may not leave the server.
 */
export function scriptReply(script: string, about: ReplyAbout = {}): Reply {
  if (!/^#!ipxe\s/.test(script)) throw new TypeError('the boot service gave a script that does not begin with #!ipxe');
  return textReply(script, about);
}

/** Plain text as coreos-ipxe-server sent it: what Go's http package made of any text. */
export function textReply(text: string, about: ReplyAbout = {}): Reply {
  return makeReply(200, ['Content-Type', TEXT, 'Cache-Control', 'no-store'], Buffer.from(text), about);
}

export function jsonReply(value: unknown, about: ReplyAbout = {}): Reply {
  const headers = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store'];
  return makeReply(200, headers, Buffer.from(`${JSON.stringify(value)}\n`), about);
}

/** A document with a strong ETag of its bytes; 304 when the client has them (RFC 9110, 13.1.2). */
export function documentReply(
  { body, contentType, secret }: Pick<DocumentAnswer, 'body' | 'contentType' | 'secret'>,
  ifNoneMatch: string | undefined,
  about: ReplyAbout = {},
): Reply {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const caching = secret === true ? 'no-store' : 'no-cache';
  const headers = ['ETag', etag, 'Cache-Control', caching, 'X-Content-Type-Options', 'nosniff'];
  return matchesTag(ifNoneMatch, etag)
    ? makeReply(304, headers, Buffer.alloc(0), about)
    : makeReply(200, ['Content-Type', contentType, ...headers], body, about);
}

/**
 * What a client gets for something that was thrown: for a Failure its line, for a bug nothing but an ID under which
 * the log has everything.
 */
export function failureReply(error: unknown, log: Log): Reply {
  if (error instanceof Failure) {
    const status = STATUS[error.code];
    const line = failureLine(error);
    if (status >= 500) log.warn({ problem: line }, 'a request could not be answered');
    return lineReply(status, line, status === 503 ? ['Retry-After', String(RETRY_AFTER)] : []);
  }
  if (isOutOfHandles(error)) {
    log.warn({ err: error }, 'no file handles left');
    const line = 'the server has no file handles left (ask again; raise its limit on open files)';
    return lineReply(503, line, ['Retry-After', String(RETRY_AFTER)]);
  }
  const requestId = randomBytes(6).toString('hex');
  log.error({ requestId, err: error }, 'internal error');
  return lineReply(500, `internal error, request ${requestId} (the server's log says more under this number)`);
}

/** RFC 9110, 15.5.6: a 405 names what is allowed. The connection is closed because a body may follow. */
export function methodReply(method: string, path: string, allowed: readonly string[] = ['GET', 'HEAD']): Reply {
  const are = allowed.length === 1 ? `${allowed.join('')} is` : `${allowed.join(' and ')} are`;
  const headers = ['Allow', allowed.join(', '), 'Connection', 'close'];
  return lineReply(405, `${method} is not allowed on ${path} (${are})`, headers);
}
