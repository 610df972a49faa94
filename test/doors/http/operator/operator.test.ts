import { createHash } from 'node:crypto';
import request from 'supertest';
import { expect, test } from 'vitest';
import { Failure } from '../../../../src/domain/failure.ts';
import { createOperatorDoor, type OperatorDoorOptions } from '../../../../src/doors/http/operator/operator.ts';
import { recordLog } from '../../../support/http-house.ts';

function door(options: Partial<OperatorDoorOptions> = {}) {
  const log = recordLog();
  const overview = () => ({ version: '1.2.3', profiles: [], problems: [] });
  return { log, app: createOperatorDoor({ baseUrl: undefined, overview, log, ...options }) };
}

test('the start page, under a policy that allows its style and nothing else', async () => {
  const answer = await request(door().app).get('/dashboard').set('Host', 'boot.lan:4777').expect(200);
  expect(answer.text).toContain('<pre>http://boot.lan:4777/boot.ipxe</pre>');
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  const style = /<style>([^]*?)<\/style>/.exec(answer.text)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(answer.headers['content-security-policy']).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(answer.text).not.toMatch(/<script|\son\w+=|javascript:|style="/i);
  expect(answer.headers['x-powered-by']).toBeUndefined();
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
});

test.each(['"><script>', 'a b', 'a@b', '${x}'])('a Host line %j reaches no page', async (host) => {
  const answer = await request(door().app).get('/dashboard').set('Host', host).expect(400);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
});

test('HEAD, a slash at the end, other methods', async () => {
  const { app } = door();
  const head = await request(app).head('/dashboard').expect(200);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
  await request(app).get('/dashboard/').expect(200);
  for (const method of ['post', 'put', 'delete', 'options'] as const) {
    const answer = await request(app)[method]('/dashboard').expect(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
  }
});

test('what is not there is a plain 404', async () => {
  const { app, log } = door();
  const answer = await request(app).get('/no%0awhere/<b>').expect(404);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.text).toMatch(/^nothing is at [^\n]+ \(the start page is \/dashboard\)\n$/);
  expect(log.of('debug')).toMatchObject([{ fields: { status: 404, method: 'GET' }, message: 'answered' }]);
});

test('a failure is its status, a bug is a number', async () => {
  const failing = door({
    overview: () => {
      throw new Failure('unavailable', 'not yet', { remedy: 'wait' });
    },
  });
  expect((await request(failing.app).get('/dashboard').expect(503)).text).toBe('not yet (wait)\n');
  const buggy = door({
    overview: () => {
      throw new TypeError('/srv/secret');
    },
  });
  const answer = await request(buggy.app).get('/dashboard').expect(500);
  expect(answer.text).toMatch(/^internal error, request [0-9a-f]{12} /);
  expect(answer.text).not.toContain('secret');
  expect(buggy.log.of('error')).toHaveLength(1);
});

test('mistakes that Express finds are plain too', async () => {
  const { app, log } = door();
  for (const status of [400, 413]) {
    app.get(`/fails/${String(status)}`, () => {
      throw Object.assign(new Error('/srv/secret'), { status });
    });
  }
  // Added after the 404: put in front of it, as the rooms above will be.
  const { stack } = app.router;
  stack.splice(1, 0, ...stack.splice(-2));
  for (const status of [400, 413]) {
    const answer = await request(app)
      .get(`/fails/${String(status)}`)
      .expect(status);
    expect(answer.text).not.toContain('secret');
  }
  expect(log.of('error')).toEqual([]);
});

test('a query makes no objects', async () => {
  const { app } = door();
  expect(app.get('query parser')).toBe('simple');
  await request(app).get('/dashboard?__proto__[x]=1&constructor[prototype][y]=1').expect(200);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  expect(({} as Record<string, unknown>)['y']).toBeUndefined();
});
