import { createHash } from 'node:crypto';
import type { DocumentAnswer } from '../boot/boot-service.ts';
import { JSON_TYPE, makeReply, TEXT, type Reply, type ReplyAbout } from './reply.ts';

/**
 * The answer of an iPXE script route. A BIOS runs a 200 that does not begin with `#!ipxe` as machine code and hangs,
 * so anything else is a bug that may not leave the house.
 */
export function scriptReply(script: string, about: ReplyAbout = {}): Reply {
  if (!/^#!ipxe\s/.test(script)) throw new TypeError('the desk gave a script that does not begin with #!ipxe');
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
  { body, contentType }: Pick<DocumentAnswer, 'body' | 'contentType'>,
  ifNoneMatch: string | undefined,
  about: ReplyAbout = {},
): Reply {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = ['ETag', etag, 'Cache-Control', 'no-cache', 'X-Content-Type-Options', 'nosniff'];
  return matches(ifNoneMatch, etag)
    ? makeReply(304, headers, Buffer.alloc(0), about)
    : makeReply(200, ['Content-Type', contentType, ...headers], body, about);
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}
