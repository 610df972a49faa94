import type { IncomingMessage } from 'node:http';
import { Failure } from '../../model/failure.ts';
import { MAX_PROFILE_BYTES } from '../../model/profile.ts';
import { readBody } from '../../http/read-body.ts';
import { mediaType, refuseCoded } from '../web/form-body.ts';

/** A whole profile. */
const MAX_BODY = MAX_PROFILE_BYTES;

/** The JSON of a request's body, undefined when it has none. Throws `too-large` (over 16 MiB) and `invalid`. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
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
