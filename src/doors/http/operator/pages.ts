import type { Request, Router } from 'express';
import { createHash } from 'node:crypto';
import type { Log } from '../../../domain/log.ts';
import type { Origin } from '../../../domain/origin.ts';
import { methodReply } from '../failure-reply.ts';
import { show } from '../percent.ts';
import { makeReply, sendReply } from '../reply.ts';
import { startPage, type Overview } from '../start-page.ts';
import { START_STYLE } from '../start-style.ts';
import type { Office } from './office.ts';

/**
 * What the pages need of the door. Whoever gets as far as a page is logged in, and a POST has passed the CSRF check;
 * `req.body` holds the fields of a posted form (strings, an array for a field that came more than once). The strict
 * headers are set already, `Cache-Control: no-store` among them: an asset may set its own.
 */
export interface PageDeps {
  readonly office: Office;
  /** Where the server is, for the addresses that pages show. Throws Failure `invalid` for a bad Host line. */
  readonly origin: (req: Request) => Origin;
  /** What a form of this session sends back as its field `csrf`, and a script as the header X-CSRF-Token. */
  readonly csrf: (req: Request) => string;
  readonly overview: () => Overview;
  readonly log: Log;
}

/** Everything below /dashboard but the login. Failures that a handler throws become the door's one line of text. */
export function mountPages(router: Router, { overview, origin }: PageDeps): void {
  const headers = pageHeaders();
  router
    .route('/dashboard')
    .get((req, res) => {
      const page = startPage(overview(), origin(req));
      sendReply(res, makeReply(200, headers, Buffer.from(page)));
    })
    .all((req, res) => {
      sendReply(res, methodReply(show(req.method), show(req.path)));
    });
}

/** The start page's one style by its hash (CSP level 3). */
function pageHeaders(): readonly string[] {
  const style = createHash('sha256').update(START_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return [
    ...['Content-Type', 'text/html; charset=utf-8', 'Content-Security-Policy', policy],
    ...['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store'],
  ];
}
