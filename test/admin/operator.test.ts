import { describe, expect, test } from 'vitest';
import { SECURITY_HEADERS } from '../../src/admin/operator.ts';
import { mountPages } from '../../src/admin/web/pages.ts';
import { Failure } from '../../src/model/failure.ts';
import { sampleAdminService } from '../support/sample-admin-service.ts';
import { BEARER, operatorSetup } from '../support/operator-setup.ts';

const render = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' });

test('with the token', async () => {
  const { http, logIn } = operatorSetup({}, { metrics: { access: 'token', render } });
  const refused = await http.get('/metrics').expect(401);
  expect(refused.headers['www-authenticate']).toBe('Bearer realm="pilotlight"');
  const answer = await http.get('/metrics').set('Authorization', BEARER).expect(200);
  expect([answer.text, answer.headers['content-type']]).toEqual(['up 1\n', 'text/plain; version=0.0.4; charset=utf-8']);
  await http.get('/metrics').set('Cookie', logIn().cookie).expect(200);
  await http.get('/metrics').set('Authorization', 'Bearer wrong').expect(401);
  expect((await http.get('/metrics').set('Authorization', BEARER).expect(429)).headers['retry-after']).toBe('1');
});

test('open', async () => {
  const { http } = operatorSetup({}, { metrics: { access: 'open', render } });
  expect((await http.get('/metrics').expect(200)).text).toBe('up 1\n');
  expect((await http.head('/metrics').expect(200)).headers['content-length']).toBe('5');
  expect((await http.post('/metrics').expect(405)).headers['allow']).toBe('GET, HEAD');
});

test('off', async () => {
  const { http } = operatorSetup({}, { metrics: { access: 'off', render } });
  await http.get('/metrics').set('Authorization', BEARER).expect(404);
});

// That every answer has them is held by operator.test.ts.
test('under the referrer policy, a form of ours says where it comes from', () => {
  // With no-referrer it would be `Origin: null`, which the guard refuses.
  expect(SECURITY_HEADERS.get('Referrer-Policy')).toBe('same-origin');
});

test('a bug in the middle of an answer of the API keeps them, too', async () => {
  const { http } = operatorSetup();
  const answer = await http.get('/api/v1/health').set('Authorization', BEARER).expect(500);
  expect(answer.headers['content-security-policy']).toBe(SECURITY_HEADERS.get('Content-Security-Policy'));
});

const UNSAFE = ['post', 'put', 'patch', 'delete'] as const;

test('nobody sees a page without logging in, and comes back to it afterwards', async () => {
  const { http } = operatorSetup();
  const home = await http.get('/dashboard').expect(303);
  expect(home.headers['location']).toBe('/dashboard/login');
  const deep = await http.get('/dashboard/machines?state=up&text=a%20b').expect(303);
  expect(deep.headers['location']).toBe(
    `/dashboard/login?next=${encodeURIComponent('/dashboard/machines?state=up&text=a%20b')}`,
  );
  expect((await http.head('/dashboard/anything').expect(303)).headers['location']).toContain('/dashboard/login?');
  expect((await http.post('/dashboard/machines').expect(401)).text).toMatch(/^not logged in \(log in at /);
  for (const method of ['put', 'patch', 'delete', 'options'] as const) {
    expect((await http[method]('/dashboard').expect(405)).headers['allow']).toBe('GET, HEAD');
  }
});

test('who is logged in sees the pages, and so does who shows the token', async () => {
  const { http, logIn } = operatorSetup();
  const page = await http.get('/dashboard').set('Cookie', logIn().cookie).expect(200);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  await http.get('/dashboard').set('Authorization', BEARER).expect(200);
  await http.get('/dashboard').set('Authorization', 'Bearer wrong-token-wrong-token').expect(303);
});

test('the address of pages is not found by another spelling', async () => {
  const { http } = operatorSetup();
  for (const path of ['/Dashboard', '/DASHBOARD/machines', '/dashboardx', '/API/v1/machines', '/api/V1/health']) {
    expect((await http.get(path).expect(404)).text).toMatch(/^nothing is at /);
  }
  for (const path of ['//dashboard', '/dashboard%2fmachines', '/./dashboard']) {
    const answer = await http.get(path);
    expect([303, 404], path).toContain(answer.status);
  }
});

/** Written out: what is sent is held against this, not against the list that it is sent from. */
const STRICT: ReadonlyMap<string, string> = new Map([
  [
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'same-origin'],
  ['Cache-Control', 'no-store'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'],
]);

test('every answer has the strict headers, whatever it says', async () => {
  const { http, logIn } = operatorSetup();
  const { cookie } = logIn();
  const asked = [
    ...['/nowhere', '/dashboard', '/dashboard/login', '/dashboard/login?code=x', '/dashboard/login.css', '/metrics'],
    ...['/api/v1/machines', '/api/v1/openapi.json', '/api/v1/%', '/api', '/dashboard/%'],
  ];
  for (const path of asked) {
    for (const method of ['get', 'head', 'options', ...UNSAFE] as const) {
      for (const headers of [{}, { Cookie: cookie }, { Authorization: BEARER }]) {
        const answer = await http[method](path).set(headers);
        const what = `${method} ${path} ${JSON.stringify(headers)} ${answer.status}`;
        for (const [name, value] of STRICT) {
          const given: unknown = answer.headers[name.toLowerCase()];
          // Of a page itself its own room's tests speak; the style of the login may be kept.
          if (name === 'Content-Security-Policy' && path === '/dashboard' && answer.status === 200) continue;
          if (name === 'Cache-Control' && path.endsWith('.css') && answer.status === 200) continue;
          expect(given, `${what} ${name}`).toBe(value);
        }
        expect(answer.headers['x-powered-by']).toBeUndefined();
      }
    }
  }
});

test('what is not there is a plain 404, and the log has no query', async () => {
  const statuses: number[] = [];
  const { http, log } = operatorSetup({}, { onOperatorAnswer: (status) => statuses.push(status) });
  const answer = await http.get('/no%0awhere/<b>?code=secret').expect(404);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.text).toMatch(/^nothing is at [^\n]+ \(the start page is \/dashboard\)\n$/);
  expect(log.of('debug')).toMatchObject([{ fields: { status: 404, method: 'GET' }, message: 'answered' }]);
  expect(JSON.stringify(log.lines)).not.toContain('secret');
  expect(statuses).toEqual([404]);
});

describe('a refusal is a page for a browser, with a way on, and a line for a program', () => {
  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  test.each([
    ['get', '/nowhere', 404, 'Not found'],
    ['get', '/dashboard/%ff', 400, 'Not valid'],
    ['get', '/dashboard/assets/nothing.css', 404, 'Not found'],
    ['delete', '/dashboard/login', 405, 'Not possible this way'],
    ['get', '/dashboard/machines/52:54:00:12:34:56/adopt', 405, 'Not possible this way'],
    ['get', '/metrics', 401, 'Not logged in'],
  ] as const)('%s %s', async (method, path, status, title) => {
    const { http } = operatorSetup(
      {},
      { pages: mountPages, metrics: { access: 'token', render: () => Promise.reject(new Error()) } },
    );
    const token = path === '/metrics' ? {} : { Authorization: BEARER };
    const page = await http[method](path)
      .set({ ...token, Accept: BROWSER })
      .expect(status);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toMatch(new RegExp(`<h1>${title}</h1>[^]*href="/dashboard"`));
    const line = await http[method](path).set(token).expect(status);
    expect(line.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(line.text).toMatch(/^[^\n]+\n$/);
  });

  test('and in the frame of the dashboard for a page that is not there', async () => {
    const { http, logIn } = operatorSetup(sampleAdminService(), { pages: mountPages });
    const { text } = await http.get('/dashboard/<b>').set('Cookie', logIn().cookie).expect(404);
    expect(text).toMatch(
      /<nav aria-label="Main">[^]*nothing is at \/dashboard\/[^<]*<[^]*href="\/dashboard\/machines"/,
    );
  });

  test('and nothing of the address is markup', async () => {
    const { http } = operatorSetup();
    const { text } = await http.get('/%3Cscript%3E').set('Accept', BROWSER).expect(404);
    expect(text).not.toContain('<script');
  });
});

test('a failure is its status, a bug is a number', async () => {
  const failing = operatorSetup(
    {},
    {
      metrics: {
        access: 'open',
        render: async () => Promise.reject(new Failure('unavailable', 'not yet', { remedy: 'wait' })),
      },
    },
  );
  expect((await failing.http.get('/metrics').expect(503)).text).toBe('not yet (wait)\n');
  const buggy = operatorSetup(
    {},
    { metrics: { access: 'open', render: async () => Promise.reject(new TypeError('/srv/secret')) } },
  );
  const answer = await buggy.http.get('/metrics').expect(500);
  expect(answer.text).toMatch(/^internal error, request [0-9a-f]{12} /);
  expect(answer.text).not.toContain('secret');
  expect(buggy.log.of('error')).toHaveLength(1);
});

test.each(['"><script>', 'a b', 'a@b', '${x}'])('a Host line %j reaches no link', async (host) => {
  const { http } = operatorSetup();
  const answer = await http.post('/api/v1/login-links').set({ Authorization: BEARER, Host: host }).expect(400);
  expect(answer.headers['content-type']).toBe('application/json');
});

test('a query makes no objects', async () => {
  const { http, logIn } = operatorSetup();
  const { cookie } = logIn();
  await http.get('/dashboard?__proto__[x]=1&constructor[prototype][y]=1').set('Cookie', cookie).expect(200);
  await http.get('/api/v1/machines?__proto__[x]=1').set('Cookie', cookie).expect(400);
  await http.get('/api/v1/machines?__proto__=1').set('Cookie', cookie).expect(400);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  expect(({} as Record<string, unknown>)['y']).toBeUndefined();
});
