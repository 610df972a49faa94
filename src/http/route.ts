import type { RouteKind } from './answer-event.ts';
import type { LocalEnd } from './origin.ts';
import type { Reply } from './reply.ts';
import type { RequestHead } from './request-head.ts';

/** A question as a route sees it. */
export interface Ask {
  /** The path behind the route's prefix, still encoded. */
  readonly rest: string;
  readonly query: string;
  /** `HEAD` gets the head of the answer and nothing that a machine could run. */
  readonly method?: string;
  readonly head: RequestHead;
  readonly end: LocalEnd;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** The client's validator for what it has. */
  readonly ifNoneMatch: string | undefined;
  /** Of a POST. */
  readonly body?: Buffer;
}

export interface Route {
  readonly kind: RouteKind;
  /** A boot script: the same question may get the same bytes again for a moment. */
  readonly repeatable?: boolean;
  /** Throws Failure for what cannot be answered. */
  readonly answer: (ask: Ask) => Promise<Reply> | Reply;
}
