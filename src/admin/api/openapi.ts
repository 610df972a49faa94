import { PATH_PARTS, type ApiAnswer, type ApiRoute } from './route.ts';
import { ref, text, type JsonSchema } from './json-schema.ts';
import { MACHINE_SCHEMAS } from './machine-schemas.ts';
import { OFFICE_SCHEMAS } from './schemas.ts';

const ERROR = { $ref: '#/components/responses/Error' };

/** The OpenAPI 3.1 document of a table of routes. */
export function openApiDocument(routes: readonly ApiRoute[]): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pilotlight',
      version: '1',
      description:
        'Show the admin token as a Bearer. A browser that is logged in may use its cookie instead; then requests that ' +
        'change something carry the header X-CSRF-Token. Members may be added to answers; unknown members of requests ' +
        'are refused.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths: {
      ...paths,
      '/openapi.json': {
        get: {
          operationId: 'getOpenApi',
          summary: 'this document, open to everybody',
          security: [],
          responses: {
            200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
          },
        },
      },
    },
    components: {
      schemas: { ...MACHINE_SCHEMAS, ...OFFICE_SCHEMAS },
      responses: {
        Error: { description: 'why not, and what to do', content: { 'application/json': { schema: ref('Error') } } },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'the admin token' },
        session: { type: 'apiKey', in: 'cookie', name: 'pilotlight', description: 'set by the login page' },
      },
    },
  };
}

/** The parts of a path that change: `/machines/{key}` has `key`. */
export function pathParts(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
}

function operation(route: ApiRoute): JsonSchema {
  const parts = pathParts(route.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    description: PATH_PARTS[name],
    schema: text(),
  }));
  const query = Object.entries(route.query ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }));
  const body =
    route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.body.required,
            content: { 'application/json': { schema: route.body.schema } },
          },
        };
  return {
    operationId: route.id,
    summary: route.summary,
    ...(parts.length + query.length === 0 ? {} : { parameters: [...parts, ...query] }),
    ...body,
    responses: { 200: { description: route.answer.about, content: contentOf(route.answer) }, default: ERROR },
  };
}

function contentOf(answer: ApiAnswer): JsonSchema {
  switch (answer.kind) {
    case 'json':
      return { 'application/json': { schema: answer.schema } };
    case 'text':
      return { 'text/plain': { schema: text() } };
    case 'events':
      return { 'text/event-stream': { schema: text() } };
  }
}
