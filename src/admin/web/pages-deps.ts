import type { Request } from 'express';
import type { Log } from '../../model/log.ts';
import type { Origin } from '../../model/origin.ts';
import type { Office } from '../service/operations.ts';

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
  readonly log: Log;
}
