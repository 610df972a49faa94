import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { openApiDocument, pathParts } from '../../../src/admin/api/openapi.ts';
import { API_ROUTES } from '../../../src/admin/api/routes.ts';
import type { AdminOperations } from '../../../src/admin/service/service.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import * as sample from '../../support/sample-answers.ts';
import { BEARER, operatorSetup } from '../../support/operator-setup.ts';

// Each route of the API is called over the operators' application, with a service that answers with every member that
// its types have; each answer is held against the document, strictly.

const ADMIN_SERVICE: AdminOperations = {
  machines: async () => sample.MACHINE_PAGE,
  machine: async () => sample.MACHINE_VIEW,
  machineLog: async () => sample.LOG_PAGE,
  sent: async () => '#!ipxe\n',
  adopt: async () => ({ file: 'profiles/worker.json', name: 'worker-1' }),
  release: async () => ({ file: 'profiles/worker.json', name: 'worker-1' }),
  reinstall: async () => ({ key: '52:54:00:12:34:56', name: 'worker-1' }),
  cancelReinstall: async () => ({ key: '52:54:00:12:34:56', name: 'worker-1' }),
  bootOnce: async () => ({ key: '52:54:00:12:34:56', name: 'worker-1' }),
  cancelBootOnce: async () => ({ key: '52:54:00:12:34:56', name: 'worker-1' }),
  releaseClaim: async () => ({ key: '52:54:00:12:34:56', name: 'worker-1' }),
  power: async () => sample.POWERED,
  reinstallNow: async () => ({
    ...sample.POWERED,
    at: 5,
    fromNetwork: true,
    restarted: true,
    until: 'installed',
  }),
  acceptState: async () => ({ accepted: true }),
  profiles: async () => [sample.PROFILE_ROW],
  profile: async () => sample.PROFILE_VIEW,
  files: async () => sample.FILES_VIEW,
  file: async () => sample.FILE_VIEW,
  previewFile: async () => sample.PREVIEW,
  saveFile: async () => sample.PREVIEW,
  fileVersion: async () => sample.VERSION_PREVIEW,
  restoreFile: async () => sample.PREVIEW,
  releases: async () => sample.RELEASES_VIEW,
  beginUpload: async () => 'a',
  uploadPiece: async () => undefined,
  importUpload: async () => ({ shelves: [] }),
  syncNow: async () => ({ started: true, run: 5 }),
  syncSteps: async () => ({
    steps: Object.values(sample.SYNC_EVENTS),
    last: 9,
    end: { kind: 'busy', message: 'another one' },
  }),
  rollback: async () => ({ profile: 'worker', from: '2', to: '1', heldAbove: '2' }),
  pin: async () => ({ message: 'worker keeps 1' }),
  rollouts: async () => [sample.ROLLOUT_VIEW],
  rollout: async () => sample.ROLLOUT_VIEW,
  prune: async () => ({ removed: [{ shelf: 'flatcar/amd64/1', size: 5 }] }),
  health: async () => sample.HEALTH_VIEW,
  leases: async () => ({ ...(await sampleAdminService(1_800_000_000_000).leases()), off: 'off' }),
  onChange: () => () => undefined,
  activities: sampleAdminService(1_800_000_000_000).activities,
  accounts: sampleAdminService(1_800_000_000_000).accounts,
};

interface Call {
  readonly method: 'get' | 'post' | 'put';
  readonly route: string;
  readonly path: string;
  readonly body?: object;
}

/** What the API is: written out, so that a route that vanishes from the table is missed. */
const CALLS: readonly Call[] = [
  {
    method: 'get',
    route: '/machines',
    path: '/machines?text=a&state=up&profile=b&after=c&limit=5&tag=t&sort=-name&skip=0',
  },
  { method: 'get', route: '/machines/{key}', path: '/machines/52:54:00:12:34:56' },
  { method: 'get', route: '/machines/{key}/log', path: '/machines/52:54:00:12:34:56/log?after=5&limit=9' },
  { method: 'post', route: '/machines/{key}/adopt', path: '/machines/52-54-00-12-34-56/adopt', body: { profile: 'a' } },
  { method: 'post', route: '/machines/{key}/release', path: '/machines/52%3A54%3A00%3A12%3A34%3A56/release' },
  { method: 'post', route: '/machines/{key}/reinstall', path: '/machines/serial:S-1/reinstall' },
  { method: 'post', route: '/reinstall', path: '/reinstall', body: { machine: 'worker-1' } },
  { method: 'post', route: '/reinstall/cancel', path: '/reinstall/cancel', body: { machine: 'worker-1' } },
  { method: 'post', route: '/boot-once', path: '/boot-once', body: { machine: 'worker-1', profile: 'rescue' } },
  { method: 'post', route: '/boot-once/cancel', path: '/boot-once/cancel', body: { machine: 'worker-1' } },
  { method: 'post', route: '/claims/release', path: '/claims/release', body: { machine: 'worker-1' } },
  { method: 'post', route: '/machines/{key}/power', path: '/machines/52:54:00:12:34:56/power', body: { action: 'on' } },
  { method: 'post', route: '/power', path: '/power', body: { machine: 'worker-1', action: 'status' } },
  { method: 'post', route: '/reinstall/now', path: '/reinstall/now', body: { machine: 'worker-1' } },
  { method: 'post', route: '/state/accept', path: '/state/accept' },
  { method: 'get', route: '/sent/{digest}', path: `/sent/${sample.DIGEST}` },
  { method: 'get', route: '/profiles', path: '/profiles' },
  { method: 'get', route: '/profiles/{name}', path: '/profiles/worker' },
  { method: 'post', route: '/profiles/{name}/preview', path: '/profiles/worker/preview', body: { text: '{}' } },
  { method: 'put', route: '/profiles/{name}', path: '/profiles/worker', body: { text: '{}', revision: 'r' } },
  { method: 'post', route: '/profiles/{name}/rollback', path: '/profiles/worker/rollback', body: { version: '1' } },
  { method: 'get', route: '/rollouts', path: '/rollouts' },
  { method: 'post', route: '/profiles/{name}/rollout', path: '/profiles/worker/rollout', body: { to: '2' } },
  { method: 'post', route: '/profiles/{name}/pin', path: '/profiles/worker/pin' },
  { method: 'post', route: '/profiles/{name}/unpin', path: '/profiles/worker/unpin' },
  { method: 'get', route: '/files', path: '/files' },
  { method: 'get', route: '/files/{folder}/{name}', path: '/files/configs/lab%2Fa.yml' },
  { method: 'post', route: '/files/{folder}/{name}/preview', path: '/files/sshkeys/a/preview', body: { text: 'b' } },
  { method: 'put', route: '/files/{folder}/{name}', path: '/files/configs/a.yml', body: { text: 'b', revision: 'r' } },
  { method: 'post', route: '/files/{folder}/{name}/remove', path: '/files/configs/a/remove', body: { revision: 'r' } },
  { method: 'get', route: '/files/{folder}/{name}/versions/{version}', path: '/files/configs/a/versions/1-2' },
  {
    method: 'post',
    route: '/files/{folder}/{name}/versions/{version}/restore',
    path: '/files/configs/a/versions/1-2/restore',
    body: { revision: 'r' },
  },
  { method: 'get', route: '/releases', path: '/releases' },
  { method: 'post', route: '/releases/prune', path: '/releases/prune', body: { keep: 1 } },
  { method: 'post', route: '/sync', path: '/sync', body: { allowDowngrade: true } },
  { method: 'get', route: '/sync/steps', path: '/sync/steps?run=5&after=2' },
  { method: 'get', route: '/health', path: '/health' },
  { method: 'get', route: '/leases', path: '/leases' },
  { method: 'post', route: '/login-links', path: '/login-links' },
  { method: 'get', route: '/events', path: '/events' },
  { method: 'get', route: '/openapi.json', path: '/openapi.json' },
  { method: 'get', route: '/account', path: '/account' },
  { method: 'get', route: '/activity', path: '/activity?who=anna&action=adopt&text=w1&since=1&after=9&limit=5' },
  { method: 'get', route: '/users', path: '/users' },
  { method: 'post', route: '/users', path: '/users', body: { name: 'anna', role: 'viewer', password: 'a good one' } },
  { method: 'post', route: '/users/{user}/role', path: '/users/anna/role', body: { role: 'admin' } },
  {
    method: 'post',
    route: '/users/{user}/password',
    path: '/users/anna/password',
    body: { password: 'a', current: 'b' },
  },
  { method: 'post', route: '/users/{user}/remove', path: '/users/anna/remove' },
  { method: 'get', route: '/tokens', path: '/tokens' },
  { method: 'post', route: '/tokens', path: '/tokens', body: { name: 'ci', user: 'anna', days: 7, role: 'viewer' } },
  { method: 'post', route: '/tokens/{id}/revoke', path: '/tokens/Zm9vYmFy/revoke' },
  { method: 'get', route: '/sessions', path: '/sessions' },
  { method: 'post', route: '/sessions/{id}/end', path: '/sessions/abc/end' },
];

type JsonSchema = Readonly<Record<string, unknown>>;

const DOCUMENT = openApiDocument(API_ROUTES) as unknown as Document;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Content; readonly description?: string }>>;
}
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

const operations = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** The document allows members that it does not name, so that later versions may add some; this test does not. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, strict(part)]));
  return 'properties' in inner && inner['type'] === 'object' ? { additionalProperties: false, ...inner } : inner;
}

/** The document's references as ajv finds them. */
function local(value: unknown): unknown {
  return strict(
    JSON.parse(JSON.stringify(value).replaceAll('#/components/schemas/', 'http://pilotlight.test/api#/$defs/')),
  );
}

const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addSchema({ $id: 'http://pilotlight.test/api', $defs: local(DOCUMENT.components.schemas) });

function faultsOf(schema: JsonSchema, value: unknown): unknown {
  const validate = ajv.compile(local(schema) as JsonSchema);
  if (validate(value)) return [];
  return validate.errors?.map(({ instancePath, message, params }) => ({ instancePath, message, params }));
}

test('the document has every route, and no other', () => {
  const described = operations.map(({ method, path }) => `${method} ${path}`).sort();
  expect(described).toEqual(CALLS.map(({ method, route }) => `${method} ${route}`).sort());
});

test('each answer is as described', async () => {
  const { http, adminService: fake } = operatorSetup(ADMIN_SERVICE);
  for (const { method, route, path, body } of CALLS) {
    if (route === '/events') continue; // event-streams.test.ts
    const send = http[method](`/api/v1${path}`).set('Authorization', BEARER);
    const answer = await (body === undefined ? send : send.send(body));
    expect(answer.status, `${method} ${path} ${answer.text}`).toBe(200);
    const content = DOCUMENT.paths[route]?.[method]?.responses['200']?.content ?? {};
    const [type = ''] = String(answer.headers['content-type']).split(';');
    expect(Object.keys(content), route).toEqual([type]);
    const schema = content[type]?.schema ?? {};
    expect(faultsOf(schema, type === 'application/json' ? answer.body : answer.text), `${method} ${route}`).toEqual([]);
  }
  // `login-links` and the document need no admin service, `onChange` is the events', uploads are a page's.
  const asked = new Set(fake.calls.map(([name]) => name));
  expect([...asked].sort()).toEqual(
    [...Object.keys(ADMIN_SERVICE), ...Object.keys(ADMIN_SERVICE.accounts)]
      .filter((name) => name !== 'onChange' && name !== 'accounts' && !/upload/i.test(name))
      .sort(),
  );
});

test('each refusal is as described', async () => {
  const { http } = operatorSetup();
  for (const { method, path } of CALLS) {
    if (path === '/openapi.json') continue;
    const answers = [
      await http[method](`/api/v1${path}`).expect(401),
      await http.patch(`/api/v1${path}`).set('Authorization', BEARER).expect(405),
      await http[method](`/api/v1${path.replace(/\?.*/, '')}?unknown=1`)
        .set('Authorization', BEARER)
        .expect(400),
    ];
    for (const answer of answers)
      expect(faultsOf({ $ref: '#/components/schemas/Error' }, answer.body), path).toEqual([]);
  }
});

test('the document is sound: each reference leads somewhere, each part of a path is described, each name is one', () => {
  const text = JSON.stringify(DOCUMENT);
  for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    expect(DOCUMENT.components.schemas).toHaveProperty(name);
  }
  for (const name of Object.keys(DOCUMENT.components.schemas)) {
    expect(text, `${name} is used`).toContain(`#/components/schemas/${name}"`);
    expect(() => faultsOf({ $ref: `#/components/schemas/${name}` }, {})).not.toThrow();
  }
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations) {
    const parts = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(parts.map(({ name }) => name)).toEqual(pathParts(path));
    expect(JSON.stringify(parts)).not.toContain('"description":null');
    for (const part of parts) expect(part).toHaveProperty('description', expect.any(String));
    expect(operation.summary.length).toBeGreaterThan(10);
    expect(operation.responses['200']?.description).toBeTruthy();
  }
});

test('what requests send is closed: unknown members are refused, and the document says so', () => {
  for (const { operation } of operations) {
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (schema !== undefined) expect(schema['additionalProperties']).toBe(false);
  }
});

test('anybody may read it', async () => {
  const { http } = operatorSetup();
  const answer = await http.get('/api/v1/openapi.json').expect(200);
  expect(answer.body).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
  expect((await http.post('/api/v1/openapi.json').expect(405)).headers['allow']).toBe('GET, HEAD');
});
