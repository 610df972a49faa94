import { expect, test } from 'vitest';
import { apiErrorOf, errorBody } from '../../../src/admin/api/api.ts';
import type { AdminOperations } from '../../../src/admin/service/service.ts';
import { Failure, type FailureCode } from '../../../src/model/failure.ts';
import { recordLog } from '../../support/http-server.ts';
import { BROKEN_PREVIEW, DIGEST, MACHINE_PAGE, MACHINE_VIEW, PREVIEW } from '../../support/sample-answers.ts';
import { BEARER, operatorSetup } from '../../support/operator-setup.ts';

test.each<[FailureCode, number]>([
  ['not-found', 404],
  ['invalid', 400],
  ['conflict', 409],
  ['too-large', 413],
  ['refused', 403],
  ['unavailable', 503],
  ['broken', 500],
])('%s is %i', (code, status) => {
  const log = recordLog();
  const place = { file: 'profiles/a.json', line: 3 };
  const error = apiErrorOf(new Failure(code, 'what', { place, remedy: 'do', cause: new Error('/srv/secret') }), log);
  expect(error).toMatchObject({ status, code });
  expect(JSON.parse(JSON.stringify(errorBody(error)))).toEqual({
    error: { code, message: 'what', place, remedy: 'do' },
  });
  expect(error.headers).toEqual(status === 503 ? ['Retry-After', '5'] : []);
  expect(log.of('warn')).toHaveLength(status >= 500 ? 1 : 0);
});

test('what is not known is not there', () => {
  const error = apiErrorOf(new Failure('invalid', 'what'), recordLog());
  expect(JSON.stringify(errorBody(error))).toBe('{"error":{"code":"invalid","message":"what"}}');
});

test('a bug is a number, and the log has the rest', () => {
  const log = recordLog();
  const error = apiErrorOf(new TypeError('/srv/secret'), log);
  expect(error).toMatchObject({ status: 500, code: 'internal' });
  const id = /^internal error, request ([0-9a-f]{12})$/.exec(error.message)?.[1];
  expect(log.of('error')).toMatchObject([{ fields: { requestId: id }, message: 'internal error' }]);
  expect(JSON.stringify(errorBody(error))).not.toContain('secret');
});

test('no file handles left is no bug', () => {
  const log = recordLog();
  expect(apiErrorOf(Object.assign(new Error('x'), { code: 'EMFILE' }), log)).toMatchObject({ status: 503 });
  expect(log.of('error')).toEqual([]);
});

const MAC = '52:54:00:12:34:56';

function setup(answers: Partial<AdminOperations> = {}) {
  const made = operatorSetup(answers);
  const send = (method: 'get' | 'post' | 'put', path: string): ReturnType<typeof made.http.get> =>
    made.http[method](`/api/v1${path}`).set({ Authorization: BEARER, Host: 'boot.lan:4777' });
  return { ...made, send };
}

/** Supertest would make JSON of a buffer. */
function asItIs(body: unknown): string {
  return body as string;
}

/** The error that a request met. */
async function errorOf(answer: PromiseLike<{ readonly body: unknown; readonly status: number }>) {
  const { body, status } = await answer;
  const { error } = body as { readonly error: { readonly code: string; readonly message: string; remedy?: string } };
  return { status, ...error };
}

test('without a token there is nothing but the way to one', async () => {
  const { http } = setup();
  for (const path of ['/machines', '/nowhere', '/', '/events', '/sync']) {
    const answer = await http.get(`/api/v1${path}`).expect(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="pilotlight"');
    expect(answer.body).toMatchObject({ error: { code: 'unauthenticated', message: 'the API is for operators' } });
  }
  const wrong = await http.get('/api/v1/machines').set('Authorization', 'Bearer wrong').expect(401);
  expect(wrong.headers['www-authenticate']).toBe('Bearer realm="pilotlight", error="invalid_token"');
  const early = await http.get('/api/v1/machines').set('Authorization', BEARER).expect(429);
  expect(early.headers['retry-after']).toBe('1');
  expect(early.body).toMatchObject({ error: { code: 'too-many-failures', remedy: 'wait 1 seconds' } });
});

test('machines: what was asked for, 100 unless somebody says otherwise', async () => {
  const { send, adminService } = setup({ machines: async () => MACHINE_PAGE, machine: async () => MACHINE_VIEW });
  await send('get', '/machines').expect(200);
  await send('get', '/machines?text=a+b&state=failed&profile=x&after=c&limit=500').expect(200);
  await send('get', '/machines/52-54-00-12-34-56').expect(200);
  await send('get', '/machines/serial%3Aa%2Fb').expect(200);
  expect(adminService.calls).toEqual([
    ['machines', { limit: 100 }],
    ['machines', { text: 'a b', state: 'failed', profile: 'x', after: 'c', limit: 500 }],
    ['machine', MAC, 'http://boot.lan:4777'],
    ['machine', 'serial:a/b', 'http://boot.lan:4777'],
  ]);
});

test('adopt, release, reinstall', async () => {
  const { send, adminService } = setup({
    adopt: async () => ({ file: 'f', name: 'n' }),
    release: async () => ({ file: 'f', name: 'n' }),
    reinstall: async () => ({ key: MAC }),
  });
  expect((await send('post', `/machines/${MAC}/adopt`).send({ profile: 'w', name: 'w1' })).body).toEqual({
    file: 'f',
    name: 'n',
  });
  await send('post', `/machines/${MAC}/adopt`).send({ profile: 'w' }).expect(200);
  await send('post', `/machines/${MAC}/release`).expect(200);
  await send('post', `/machines/${MAC}/release`).send({}).expect(200);
  await send('post', `/machines/${MAC}/reinstall`).expect(200);
  await send('post', '/reinstall').send({ machine: 'worker-1' }).expect(200);
  await send('post', '/reinstall').send({ machine: '525400123456' }).expect(200);
  expect(adminService.calls).toEqual([
    ['adopt', { key: MAC, profile: 'w', name: 'w1' }],
    ['adopt', { key: MAC, profile: 'w' }],
    ['release', MAC],
    ['release', MAC],
    ['reinstall', MAC],
    ['reinstall', 'worker-1'],
    ['reinstall', MAC],
  ]);
});

test('profiles are written on top of a revision, or anew', async () => {
  const { send, adminService } = setup({
    saveFile: async () => PREVIEW,
    rollback: async () => ({ profile: 'w', from: '2', to: '1' }),
  });
  await send('put', '/profiles/a').send({ text: '{}', revision: 'r' }).expect(200);
  await send('put', '/profiles/a').send({ text: '{}' }).expect(200);
  await send('post', '/profiles/a/rollback').expect(200);
  await send('post', '/profiles/a/rollback').send({ version: '1' }).expect(200);
  expect(adminService.calls).toEqual([
    ['saveFile', { folder: 'profiles', name: 'a' }, '{}', 'r'],
    ['saveFile', { folder: 'profiles', name: 'a' }, '{}', undefined],
    ['rollback', 'a', undefined],
    ['rollback', 'a', '1'],
  ]);
});

test('a profile with errors is not written, and the status says so', async () => {
  const { send } = setup({ saveFile: async () => BROKEN_PREVIEW });
  expect(await errorOf(send('put', '/profiles/a').send({ text: '{}' }))).toEqual({
    status: 400,
    code: 'invalid',
    message: 'not written: unknown key (and 1 more: ask for a preview)',
    place: { file: 'profiles/a.json', key: 'versoin', line: 3, column: 5 },
    remedy: 'did you mean "version"?',
  });
});

test('a text that was sent is text, whatever it says', async () => {
  const { send } = setup({ sent: async () => '<script>alert(1)</script>' });
  const answer = await send('get', `/sent/${DIGEST.toUpperCase()}`).expect(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.text).toBe('<script>alert(1)</script>');
  await send('get', '/sent/../../etc/passwd').expect(404);
  await send('get', '/sent/abc').expect(400);
});

test('a login link is for who shows the token, not for a session', async () => {
  const { send, http, logIn } = setup();
  const { body } = (await send('post', '/login-links').expect(200)) as { body: { url: string; expiresAt: number } };
  expect(body.url).toMatch(/^http:\/\/boot\.lan:4777\/dashboard\/login\?code=[\w-]{22}$/);
  await http.get(body.url.replace('http://boot.lan:4777', '')).expect(200);
  const refused = http.post('/api/v1/login-links').set(logIn().own);
  expect(await errorOf(refused)).toMatchObject({ status: 403, code: 'refused' });
});

test('bodies: JSON, closed, at most 16 MiB', async () => {
  const { send, adminService } = setup();
  const adopt = (): ReturnType<typeof send> => send('post', `/machines/${MAC}/adopt`);
  const cases: [string, PromiseLike<{ body: unknown; status: number }>, number, RegExp][] = [
    ['no body', adopt(), 400, /^the body is not a JSON object$/],
    ['a typo', adopt().send({ profil: 'x' }), 400, /^the field "profile" is missing$|^unknown field "profil"$/],
    ['not JSON', adopt().type('json').send('{"profile": '), 400, /^the body cannot be read as JSON$/],
    [
      'not UTF-8',
      adopt()
        .type('json')
        .serialize(asItIs)
        .send(Buffer.from([0x22, 0xff, 0x22])),
      400,
      /^the body cannot be read as JSON$/,
    ],
    ['another type', adopt().type('text/plain').send('{"profile": "x"}'), 400, /^the body is not JSON$/],
    ['a form', adopt().type('form').send('profile=x'), 400, /^the body is not JSON$/],
    ['compressed', adopt().type('json').set('Content-Encoding', 'gzip').send('x'), 400, /^the body is compressed$/],
    ['a bad name', adopt().send({ profile: '../x' }), 400, /^profile: "\.\.\/x" is not a name$/],
    ['a prototype', adopt().type('json').send('{"profile":"x","__proto__":{"a":1}}'), 400, /unknown field "__proto__"/],
    ['deep', adopt().type('json').send('['.repeat(200_000)), 400, /JSON/],
    ['too long', adopt().send({ profile: 'x'.repeat(2 ** 24) }), 413, /^the body is over 16777216 bytes$/],
    ['a body for none', send('post', '/sync').send({ now: true }), 400, /^unknown field "now"$/],
    ['a query for none', send('post', '/sync?now=1'), 400, /^unknown query key "now"$/],
    ['a key twice', send('get', '/machines?text=a&text=b'), 400, /^text must be string$/],
    ['no machine', send('get', '/machines/worker'), 400, /^"worker" names no machine$/],
    ['a bad percent', send('get', '/machines/%zz'), 400, /^the request is malformed$/],
    ['no route', send('get', '/machine'), 404, /^the API has no \/machine$/],
    ['a slash too many', send('get', '/machines/'), 404, /^the API has no/],
  ];
  for (const [what, answer, status, message] of cases) {
    const error = await errorOf(answer);
    expect([error.status, error.message], what).toEqual([status, expect.stringMatching(message) as string]);
  }
  expect(adminService.calls).toEqual([]);
});

test('a body of exactly 16 MiB is not too long', async () => {
  const { send } = setup({ previewFile: async () => PREVIEW });
  const text = 'x'.repeat(2 ** 24 - '{"text":""}'.length);
  await send('post', '/profiles/a/preview').type('json').send(`{"text":"${text}"}`).expect(200);
});

test('other methods', async () => {
  const { send, http } = setup({ profiles: async () => [] });
  const put = await send('put', '/machines').expect(405);
  expect(put.headers['allow']).toBe('GET, HEAD');
  expect(put.body).toMatchObject({ error: { code: 'method-not-allowed', remedy: 'use GET or HEAD' } });
  const both = await http.delete('/api/v1/profiles/a').set('Authorization', BEARER).expect(405);
  expect(both.headers['allow']).toBe('GET, HEAD, PUT');
  const options = await http.options('/api/v1/sync').set('Authorization', BEARER).expect(405);
  expect([options.headers['allow'], options.headers['access-control-allow-origin']]).toEqual(['POST', undefined]);
  const head = await http.head('/api/v1/profiles').set('Authorization', BEARER).expect(200);
  expect([head.text, head.headers['content-length']]).toEqual([undefined, String('{"profiles":[]}\n'.length)]);
  await http.head('/api/v1/sync').set('Authorization', BEARER).expect(405);
});

test('failures and bugs of the admin service', async () => {
  const broken = setup({
    machines: async () => {
      throw new Failure('unavailable', 'the journal is off', { remedy: 'free some space' });
    },
    health: async () => {
      throw new TypeError('/srv/secret');
    },
  });
  const answer = await broken.send('get', '/machines').expect(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.body).toEqual({
    error: { code: 'unavailable', message: 'the journal is off', remedy: 'free some space' },
  });
  expect((await broken.send('get', '/health').expect(500)).text).not.toContain('secret');
});

test('no answer of the API allows another site anything', async () => {
  const { send } = setup({ profiles: async () => [] });
  const { headers } = await send('get', '/profiles').set('Origin', 'http://evil.example').expect(200);
  expect(Object.keys(headers as object).filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(headers['cache-control']).toBe('no-store');
});
