import type { Static, TObject, TProperties, TSchema } from '@sinclair/typebox';
import type { Origin } from '../../model/plan.ts';
import { closed, type View } from '../../model/schema.ts';
import type { Access, LoginLink } from '../auth/operator-auth.ts';
import type { OperationName } from '../service/operations.ts';
import type { AdminOperations } from '../service/service.ts';

/** A request after its checks. `query` and `body` are as the route's schemas describe them, and nothing else. */
export interface ApiAsk<Query = object, Body = object> {
  readonly service: AdminOperations;
  readonly access: Access;
  /** The server's address as the client sees it. Throws Failure `invalid` for a bad Host line. */
  readonly origin: () => Origin;
  readonly newLink: () => LoginLink;
  /** A part of the path, decoded. */
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
}

/**
 * One route of the API: what it takes, what it gives. The router's checks, the OpenAPI document and docs/api.md are all
 * made of this.
 */
export interface ApiRoute {
  readonly method: 'get' | 'post' | 'put';
  /** As OpenAPI writes it: `/machines/{key}`. */
  readonly path: string;
  /** For generated clients. */
  readonly id: string;
  /** One line for people. */
  readonly summary: string;
  /** What it does: `service/operations.ts` says who may. */
  readonly does: OperationName;
  readonly query: TObject;
  readonly body: TObject;
  readonly answer: ApiAnswer;
}

export type ApiAnswer = { readonly about: string } & (
  | { readonly kind: 'json'; readonly schema: TSchema; readonly give: Give }
  | { readonly kind: 'text'; readonly give: (ask: ApiAsk) => Promise<string> }
  /** A stream of server-sent events: the router's own. */
  | { readonly kind: 'events' }
);

type Give = (ask: ApiAsk) => unknown;
type Request = `${'GET' | 'POST' | 'PUT'} /${string}`;
type None = Record<string, never>;

/** A route that answers with JSON; the compiler holds `give` against the schemas. */
export function route<A extends TSchema, Q extends TProperties = None, B extends TProperties = None>(
  request: Request,
  id: string,
  summary: string,
  spec: {
    readonly does: OperationName;
    readonly query?: Q;
    readonly body?: B;
    readonly answer: A;
    /** What the answer is. */
    readonly about: string;
    readonly give: (ask: ApiAsk<Static<TObject<Q>>, Static<TObject<B>>>) => View<A> | Promise<View<A>>;
  },
): ApiRoute {
  const { does, query, body, answer: schema, about, give } = spec;
  return plainRoute(request, id, summary, does, { kind: 'json', about, schema, give: give as Give }, query, body);
}

export function plainRoute(
  request: Request,
  id: string,
  summary: string,
  does: OperationName,
  answer: ApiAnswer,
  query: TProperties = {},
  body: TProperties = {},
): ApiRoute {
  const [method = '', path = ''] = request.split(' ');
  const verb = method.toLowerCase() as ApiRoute['method'];
  return { method: verb, path, id, summary, does, query: closed(query), body: closed(body), answer };
}
