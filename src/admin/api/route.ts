import type { Origin } from '../../model/plan.ts';
import type { Access, LoginLink } from '../auth/operator-auth.ts';
import type { AdminService } from '../service/operations.ts';

/** A request after its checks. */
export interface ApiAsk {
  readonly adminService: AdminService;
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

/** A JSON Schema (2020-12, as OpenAPI 3.1 has it), as far as the API needs it. */
export type JsonSchema = Readonly<Record<string, unknown>>;
export type Properties = Readonly<Record<string, JsonSchema>>;

/** An object with what is always there and what may be. Readers must bear more: a later version may add to it. */
export function object(required: Properties, optional: Properties = {}): JsonSchema {
  const names = Object.keys(required);
  return {
    type: 'object',
    ...(names.length === 0 ? {} : { required: names }),
    properties: { ...required, ...optional },
  };
}

/** What a request sends: nothing but these. */
export function closedObject(required: Properties, optional: Properties = {}): JsonSchema {
  return { ...object(required, optional), additionalProperties: false };
}

export function list(items: JsonSchema, description?: string): JsonSchema {
  return { type: 'array', items, ...about(description) };
}

export function text(description?: string, more: JsonSchema = {}): JsonSchema {
  return { type: 'string', ...about(description), ...more };
}

export function whole(description?: string, more: JsonSchema = {}): JsonSchema {
  return { type: 'integer', ...about(description), ...more };
}

export function number(description?: string): JsonSchema {
  return { type: 'number', ...about(description) };
}

export function flag(description?: string): JsonSchema {
  return { type: 'boolean', ...about(description) };
}

export function oneOf(values: readonly string[], description?: string): JsonSchema {
  return { type: 'string', enum: values, ...about(description) };
}

/** Milliseconds since 1970. */
export function moment(description: string): JsonSchema {
  return whole(`${description}; milliseconds since 1970`);
}

/** A schema of the document's components. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function about(description: string | undefined): JsonSchema {
  return description === undefined ? {} : { description };
}
