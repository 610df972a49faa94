import type { Origin } from '../../model/origin.ts';
import type { Access, LoginLink } from '../auth/operator-auth.ts';
import type { Office } from '../service/operations.ts';
import type { JsonSchema, Properties } from './json-schema.ts';

/** A request after its checks. */
export interface ApiAsk {
  readonly office: Office;
  readonly access: Access;
  /** Where the server is for who asks. Throws Failure `invalid` for a bad Host line. */
  readonly origin: () => Origin;
  readonly newLink: () => LoginLink;
  /** A part of the path, decoded. */
  readonly param: (name: string) => string;
  /** As the route's schemas describe them, and nothing else. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
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
  readonly query?: Properties;
  /** Absent: it takes none. */
  readonly body?: { readonly schema: JsonSchema; readonly required: boolean };
  readonly answer: ApiAnswer;
}

export type ApiAnswer =
  | {
      readonly kind: 'json';
      readonly schema: JsonSchema;
      readonly about: string;
      readonly give: (ask: ApiAsk) => unknown;
    }
  | { readonly kind: 'text'; readonly about: string; readonly give: (ask: ApiAsk) => Promise<string> }
  /** A stream of server-sent events: the router's own. */
  | { readonly kind: 'events'; readonly about: string };

/** What a part of a path means. */
export const PATH_PARTS: Readonly<Record<string, string>> = {
  key: 'the machine: its MAC in any spelling, `uuid:...` or `serial:...`',
  name: "the profile's name",
  digest: 'SHA-256 in hex, from a timeline',
};
