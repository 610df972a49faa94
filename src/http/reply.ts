import type { ServerResponse } from 'node:http';
import type { Decision } from '../model/decision.ts';
import type { MachineFacts } from '../model/facts.ts';
import type { Mac } from '../model/mac.ts';

/** What a reply is about, for those who watch. */
export interface ReplyAbout {
  readonly decision?: Decision | undefined;
  readonly mac?: Mac | undefined;
  /** What the machine said of itself. */
  readonly facts?: MachineFacts | undefined;
  /** Of a script: what the machine shall fetch, below images/, in order. */
  readonly fetches?: readonly string[] | undefined;
  /** Of a document: `configs/a.yml.hbs`. */
  readonly source?: string | undefined;
  /** Of a document: all of it, also when the client has it already (304). */
  readonly delivered?: Uint8Array | undefined;
}

/** What a route says, complete, before anybody sends it. */
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
  const { decision, mac, facts, fetches, source, delivered } = about;
  return { status, headers: [...headers, ...length], body, decision, mac, facts, fetches, source, delivered };
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

/** Node leaves the body out for HEAD. */
export function sendReply(res: ServerResponse, reply: Reply): void {
  res.writeHead(reply.status, reply.headers as string[]);
  res.end(reply.body);
}
