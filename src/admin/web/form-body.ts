import type { IncomingMessage } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import { Failure } from '../../model/failure.ts';
import { readBody } from '../../http/read-body.ts';

const MAX_FIELDS = 200;

/** A form's fields; an object without a prototype. Throws `too-large` and, for anything but a plain form, `invalid`. */
export async function readForm(req: IncomingMessage, maxBytes: number): Promise<ParsedUrlQuery> {
  refuseCoded(req);
  if (mediaType(req) !== 'application/x-www-form-urlencoded') {
    throw new Failure('invalid', 'the body is not a form', { remedy: 'send application/x-www-form-urlencoded' });
  }
  return parse((await readBody(req, maxBytes)).toString('utf8'), '&', '=', { maxKeys: MAX_FIELDS });
}

/** `application/json; charset=utf-8` is `application/json`. */
export function mediaType(req: IncomingMessage): string {
  return (req.headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
}

/** A few compressed bytes can be a gigabyte. */
export function refuseCoded(req: IncomingMessage): void {
  const coding = req.headers['content-encoding'];
  if (coding === undefined || coding === 'identity') return;
  throw new Failure('invalid', 'the body is compressed', { remedy: 'send it without Content-Encoding' });
}
