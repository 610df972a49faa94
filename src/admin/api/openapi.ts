import { type TObject, type TSchema, Type as t } from '@sinclair/typebox';
import { ref, text } from '../../model/schema.ts';
import { FILE_COMPONENTS } from '../../model/file-views.ts';
import { LEASE_COMPONENTS } from '../../model/machine-views.ts';
import { OPERATOR_COMPONENTS } from '../../model/operator-views.ts';
import { ROLLOUT_COMPONENTS } from '../../model/release-views.ts';
import { COMPONENTS } from '../../model/views.ts';
import { OPERATION_ROLES } from '../service/operations.ts';
import type { ApiAnswer, ApiRoute } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** The body of every answer that is not what was asked for. */
const ErrorBody = t.Object({
  error: t.Object({
    code: text(
      '`not-found`, `invalid`, `conflict`, `too-large`, `refused`, `unavailable`, `broken`, `unauthenticated`, ...',
    ),
    message: text('what is wrong'),
    place: t.Optional(ref('Place', COMPONENTS.Place)),
    remedy: t.Optional(text('what to do')),
  }),
});

/** What a part of a path means. */
const PATH_PARTS: Readonly<Record<string, string>> = {
  key: 'the machine: its MAC in any spelling, `uuid:...` or `serial:...`',
  name: "the profile's name, or the file's, without the ending that all files there have",
  folder: '`profiles`, `configs` or `sshkeys`',
  version: 'the id of a kept version',
  digest: 'SHA-256 in hex, from a timeline',
  user: "the user's name",
  id: 'from the list',
};

/** The OpenAPI 3.1 document of a table of routes; `path` is what stands before /api/v1 in a browser. */
export function openApiDocument(routes: readonly ApiRoute[], path = ''): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pilotlight',
      version: '1',
      description:
        'Show the admin token, or an API token of a user, as a Bearer. A browser that is logged in may use its cookie instead; ' +
        'what it sends to change something is then taken from pages of this server only. Members may be added to ' +
        'answers; unknown members of requests are refused. `x-role` is what the one who asks must at least be: viewer, ' +
        'operator or admin; others get 403.',
    },
    servers: [{ url: `${path}/api/v1` }],
    security: [{ token: [] }, { session: [] }],
    paths: {
      ...paths,
      '/openapi.json': {
        get: {
          operationId: 'getOpenApi',
          summary: 'this document, without a token',
          security: [],
          responses: {
            200: { description: 'OpenAPI 3.1', content: content('application/json', t.Unsafe({ type: 'object' })) },
          },
        },
      },
    },
    components: {
      schemas: {
        ...{ ...COMPONENTS, ...FILE_COMPONENTS, ...LEASE_COMPONENTS, ...OPERATOR_COMPONENTS, ...ROLLOUT_COMPONENTS },
        Error: ErrorBody,
      },
      responses: {
        Error: {
          description: 'why not, and what to do',
          content: content('application/json', ref('Error', ErrorBody)),
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'the admin token, or an API token of a user' },
        session: { type: 'apiKey', in: 'cookie', name: 'pilotlight', description: 'set by the login page' },
      },
    },
  };
}

/** The parts of a path that change: `/machines/{key}` has `key`. */
export function pathParts(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
}

function operation({ id, summary, does, path, query, body, answer }: ApiRoute): Json {
  const parameters = [
    ...pathParts(path).map((name) => ({
      name,
      in: 'path',
      required: true,
      description: PATH_PARTS[name],
      schema: text(),
    })),
    ...Object.entries(query.properties).map(([name, schema]) => ({ name, in: 'query', schema })),
  ];
  const requestBody = { required: isRequired(body), content: content('application/json', body) };
  return {
    operationId: id,
    summary,
    'x-role': OPERATION_ROLES[does],
    ...(parameters.length > 0 && { parameters }),
    ...(Object.keys(body.properties).length > 0 && { requestBody }),
    responses: {
      200: { description: answer.about, content: contentOf(answer) },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

/** Whether a request without a body lacks something. */
export function isRequired(body: TObject): boolean {
  return (body.required ?? []).length > 0;
}

function contentOf(answer: ApiAnswer): Json {
  if (answer.kind === 'json') return content('application/json', answer.schema);
  return content(answer.kind === 'text' ? 'text/plain' : 'text/event-stream', text());
}

function content(type: string, schema: TSchema): Json {
  return { [type]: { schema } };
}
