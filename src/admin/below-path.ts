import type { Response } from 'express';
import type { Reply } from '../http/reply.ts';

/** Attributes of our own templates; what comes from elsewhere has its quotes escaped, so it cannot look like one. */
const ADDRESS = /\b(href|action|src|formaction|content)="((?:0; url=)?)(?=\/(?:dashboard|api)\b)/g;
const PATHS = /^\/(?:dashboard|api)\b/;

/** Says of an answer that is not sent yet below which path the browser finds us. */
export function setPath(res: Response, path: string): void {
  res.locals['path'] = path;
}

/** The same answer with its redirect and its links below the path. One place for all pages: none can be forgotten. */
export function belowPath(res: Response, reply: Reply): Reply {
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
