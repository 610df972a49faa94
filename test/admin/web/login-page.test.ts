import { describe, expect, test } from 'vitest';
import type { User } from '../../../src/admin/auth/users-file.ts';
import { parseOrigin } from '../../../src/model/plan.ts';
import { operatorSetup, TOKEN } from '../../support/operator-setup.ts';
import { originOf } from '../../support/app-context.ts';

const HOST = 'boot.lan:4777';
const SESSION = /^pilotlight=[\w.-]{60,}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/;

function setup(options: Parameters<typeof operatorSetup>[1] = {}) {
  const clock = { steady: 0, wall: Date.now() };
  const made = operatorSetup(
    {},
    {
      ...options,
      clock: { steady: () => clock.steady, wall: () => clock.wall, ...options.clock },
    },
  );
  const link = (): string => made.auth.newLink(originOf(HOST)).url.slice(`http://${HOST}`.length);
  const form = (body: object): ReturnType<typeof made.http.post> =>
    made.http.post('/dashboard/login').set('Host', HOST).type('form').send(body);
  return { ...made, clock, link, form };
}

function cookieOf(answer: { readonly headers: Readonly<Record<string, unknown>> }): string {
  const lines = answer.headers['set-cookie'] as readonly string[] | undefined;
  return (lines ?? []).join();
}

test('the form takes the token and leads to where the person wanted to go', async () => {
  const { http, form, log } = setup();
  const page = await http.get('/dashboard/login?next=/dashboard/machines%3Fstate%3Dup').expect(200);
  expect(page.text).toContain('<input type="hidden" name="next" value="/dashboard/machines?state&#x3D;up">');
  expect(page.text).toMatch(/<form method="post" action="\/dashboard\/login">/);
  const answer = await form({ token: ` ${TOKEN}\n`, next: '/dashboard/machines?state=up' }).expect(303);
  expect(answer.headers['location']).toBe('/dashboard/machines?state=up');
  expect(cookieOf(answer)).toMatch(SESSION);
  const [cookie = ''] = cookieOf(answer).split(';');
  await http.get('/dashboard').set('Cookie', cookie).expect(200);
  expect(log.of('info')).toMatchObject([{ message: 'an operator logged in' }]);
  expect(JSON.stringify(log.lines)).not.toContain(TOKEN);
});

test('who is logged in already goes on', async () => {
  const { http, logIn } = setup();
  const answer = await http.get('/dashboard/login?next=/dashboard/releases').set('Cookie', logIn().cookie).expect(303);
  expect(answer.headers['location']).toBe('/dashboard/releases');
});

test.each(['//evil.example', 'https://evil.example', '/\\evil.example', '/dashboard\r\nX: y'])(
  'next=%j leads nowhere else',
  async (next) => {
    const { form, http, link } = setup();
    expect((await form({ token: TOKEN, next }).expect(303)).headers['location']).toBe('/dashboard');
    const welcome = await http.get(`${link()}&next=${encodeURIComponent(next)}`).expect(200);
    expect(welcome.text).toContain('content="0; url=/dashboard"');
    expect(welcome.text).not.toContain('evil');
  },
);

test('a wrong token is refused, then slowed down; the answer and the log hold none of it', async () => {
  const { form, clock, log } = setup();
  const wrong = await form({ token: 'wrong-token-<b>' }).expect(403);
  expect(wrong.text).toContain('<p class="problem" role="alert">This is not the admin token.</p>');
  expect(cookieOf(wrong)).toBe('');
  const early = await form({ token: TOKEN }).expect(429);
  expect([early.headers['retry-after'], cookieOf(early)]).toEqual(['1', '']);
  expect(early.text).toContain('Wait 1 s and try again.');
  clock.steady += 1000;
  await form({ token: 'wrong-token-<b>' }).expect(403);
  expect((await form({ token: TOKEN }).expect(429)).headers['retry-after']).toBe('2');
  clock.steady += 2000;
  await form({ token: TOKEN }).expect(303);
  expect(log.of('warn')).toHaveLength(2);
  expect(JSON.stringify(log.lines) + wrong.text).not.toContain('wrong-token');
});

test.each([{}, { token: '' }, { token: ['a', 'b'] }, { next: '/dashboard' }])('%j is no token', async (body) => {
  await setup().form(body).expect(403);
});

test('a login link works once: a page of ours that goes on by itself, not a redirect', async () => {
  const { http, link } = setup();
  const path = link();
  const answer = await http.get(path).expect(200);
  expect(cookieOf(answer)).toMatch(SESSION);
  expect(answer.text).toContain('<meta http-equiv="refresh" content="0; url=/dashboard">');
  expect(answer.text).toContain('<a href="/dashboard">');
  const again = await http.get(path).expect(403);
  expect(again.text).toContain('This link has been used');
  expect(cookieOf(again)).toBe('');
  // But the browser that used it may open it again.
  const [cookie = ''] = cookieOf(answer).split(';');
  expect((await http.get(path).set('Cookie', cookie).expect(303)).headers['location']).toBe('/dashboard');
});

test('a link runs out', async () => {
  const { http, link, clock } = setup();
  const path = link();
  clock.steady += 15 * 60_000;
  await http.get(path).expect(403);
});

test('looking at a link, or loading it ahead, does not use it up', async () => {
  const { http, link } = setup();
  const path = link();
  expect(cookieOf(await http.head(path).expect(200))).toBe('');
  await http.get(path).set('Sec-Purpose', 'prefetch;prerender').expect(503);
  await http.get(path).set('Purpose', 'prefetch').expect(503);
  await http.get(`${path}&code=other`).expect(200); // twice: none knows which
  expect(cookieOf(await http.get(path).expect(200))).toMatch(SESSION);
});

test('a code is in no log', async () => {
  const { http, link, log } = setup();
  const path = link();
  await http.get(path);
  await http.get(path);
  expect(JSON.stringify(log.lines)).not.toContain(path.split('=')[1]);
});

test('over TLS the cookie is kept from plain requests; a proxy nobody configured is not believed', async () => {
  const tls = setup({ baseUrl: parseOrigin('https://boot.example') });
  const https = { 'X-Forwarded-Proto': 'https' };
  expect(cookieOf(await tls.http.get(tls.link()).set(https))).toMatch(/; Secure$/);
  expect(cookieOf(await tls.http.get(tls.link()))).not.toContain('Secure');
  const plain = setup();
  expect(cookieOf(await plain.http.get(plain.link()).set(https))).not.toContain('Secure');
});

test('another site cannot log a browser in', async () => {
  const { form } = setup();
  await form({ token: TOKEN }).set('Origin', 'http://evil.example').expect(403);
  await form({ token: TOKEN }).set('Sec-Fetch-Site', 'cross-site').expect(403);
  await form({ token: TOKEN }).set('Origin', `http://${HOST}`).expect(303);
});

test('an oversized form, and what is no form', async () => {
  const { form, http } = setup();
  expect((await form({ token: 'x'.repeat(9000) }).expect(413)).headers['connection']).toBe('close');
  await http.post('/dashboard/login').type('json').send({ token: TOKEN }).expect(400);
  await http.post('/dashboard/login').type('form').set('Content-Encoding', 'gzip').send('token=a').expect(400);
});

test('other methods', async () => {
  const { http } = setup();
  for (const method of ['put', 'delete', 'options', 'patch'] as const) {
    expect((await http[method]('/dashboard/login').expect(405)).headers['allow']).toBe('GET, HEAD, POST');
  }
});

test('logging out takes the cookie away and ends the session, but not for another site', async () => {
  const { http, logIn } = setup();
  const { cookie, own } = logIn();
  await http
    .post('/dashboard/logout')
    .set({ ...own, 'Sec-Fetch-Site': 'cross-site' })
    .expect(403);
  await http.get('/dashboard/logout').set('Cookie', cookie).expect(404);
  const answer = await http.post('/dashboard/logout').set(own).type('form').expect(303);
  expect(cookieOf(answer)).toBe('pilotlight=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict');
  expect(answer.headers['location']).toBe('/dashboard/login');
  await http.get('/dashboard').set('Cookie', cookie).expect(303);
  await http.get('/api/v1/events').set('Cookie', cookie).expect(401);
});

test('the session is renewed on the way when half of it is over', async () => {
  const { http, logIn, clock } = setup();
  const { cookie } = logIn();
  expect(cookieOf(await http.get('/dashboard').set('Cookie', cookie))).toBe('');
  clock.wall += 7 * 3_600_000;
  const answer = await http.get('/dashboard').set('Cookie', cookie).expect(200);
  expect(cookieOf(answer)).toMatch(SESSION);
});

test('the style may be kept by the browser', async () => {
  const { http } = setup();
  const style = await http.get('/dashboard/login.css').expect(200);
  expect(style.headers).toMatchObject({
    'content-type': 'text/css; charset=utf-8',
    'cache-control': 'public, max-age=3600',
  });
  await http.get('/dashboard/login.css').set('If-None-Match', String(style.headers['etag'])).expect(304);
});

test('a page of another site cannot lock the operator out: its image of a wrong code is no wrong token', async () => {
  const { http, form, link } = setup();
  for (let i = 0; i < 5; i += 1) await http.get('/dashboard/login?code=x');
  await form({ token: TOKEN }).expect(303);
  expect(cookieOf(await http.get(link()).expect(200))).toMatch(SESSION);
  // Where the browser says what it wants it for, nothing is looked up.
  const path = link();
  for (const dest of ['image', 'iframe', 'script']) await http.get(path).set('Sec-Fetch-Dest', dest).expect(403);
  await http.get(path).set('Sec-Fetch-Dest', 'document').set('Sec-Fetch-Site', 'cross-site').expect(200);
});

test('a form or a token from another site is not counted', async () => {
  const { http, form } = setup();
  await form({ token: 'wrong' }).set('Origin', 'http://evil.example').expect(403);
  await http.get('/api/v1/health').set('Sec-Fetch-Site', 'cross-site').set('Authorization', 'Bearer wrong').expect(401);
  await form({ token: TOKEN }).expect(303);
});

test("a user's name and password open a session of that user; a wrong one tells nothing of which was wrong", async () => {
  const anna: User = { name: 'anna', role: 'viewer', added: 1, sessionsFrom: 1, tokens: [] };
  const users = {
    find: (name: string) => (name === 'anna' ? anna : undefined),
    check: async (name: string, password: string) =>
      name === 'anna' && password === ' a good one ' ? anna : undefined,
    ofToken: () => undefined,
  };
  const { form, http, log, clock, auth } = setup({ clock: { users } });
  const answer = await form({ username: 'Anna ', token: ' a good one ', next: '/dashboard/releases' }).expect(303);
  expect(answer.headers['location']).toBe('/dashboard/releases');
  const [cookie = ''] = cookieOf(answer).split(';');
  await http.get('/dashboard').set('Cookie', cookie).expect(200);
  expect(log.of('info')).toMatchObject([{ message: 'an operator logged in', fields: { who: 'anna' } }]);
  expect(auth.sessions.list()).toMatchObject([{ user: 'anna', from: '127.0.0.1' }]);
  const wrong = await form({ username: 'anna', token: 'a good one' }).expect(403);
  expect(wrong.text).toContain('No user has this name and password.');
  expect(wrong.text).toContain('value="anna"');
  await form({ username: 'anna', token: ' a good one ' }).expect(429);
  clock.steady += 1000;
  const unknown = await form({ username: 'bert', token: ' a good one ' }).expect(403);
  expect(unknown.text.replace('value="bert"', 'value="anna"')).toBe(wrong.text);
  expect(JSON.stringify(log.lines)).not.toContain('good one');
});

test('the admin token opens under any name: browsers fill in one that they kept', async () => {
  const { form, auth } = setup();
  await form({ username: 'operator', token: TOKEN }).expect(303);
  expect(auth.sessions.list()).toMatchObject([{ from: '127.0.0.1' }]);
  expect(auth.sessions.list()[0]).not.toHaveProperty('user');
});

test('a hundred tries at once are as slow as one after the other', async () => {
  let compared = 0;
  const users = {
    find: () => undefined,
    check: async () => {
      compared += 1;
      return undefined;
    },
    ofToken: () => undefined,
  };
  const { form } = setup({ clock: { users } });
  const answers = await Promise.all(Array.from({ length: 30 }, () => form({ username: 'anna', token: 'guess' })));
  expect(compared).toBe(1);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(29);
});

describe('an edit that arrives after its session has ended', () => {
  const EDITED = { text: '{ "system": "talos",\r\n "x": "<&\'\\">" }', revision: 'r1', name: 'new one' };
  const OWN = { Origin: `http://${HOST}`, Accept: 'text/html,application/xhtml+xml' };

  function posting(made: ReturnType<typeof setup>, path = '/dashboard/profiles/a/save') {
    return made.http.post(path).set('Host', HOST).set(OWN).type('form');
  }

  /** What the form on a page sends when its button is pressed. */
  function fieldsOf(page: string): Record<string, string> {
    const fields = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
    return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, unescaped(value)]));
  }

  function unescaped(text: string): string {
    const known: Record<string, string> = {
      '&lt;': '<',
      '&gt;': '>',
      '&amp;': '&',
      '&quot;': '"',
      '&#x27;': "'",
      '&#x3D;': '=',
    };
    return text.replaceAll(/&[#\w]+;/g, (one) => known[one] ?? one);
  }

  test('goes through the login, also a wrong password, and on to its preview', async () => {
    const made = setup();
    const asked = await posting(made).send(EDITED).expect(401);
    expect(asked.headers['content-type']).toContain('text/html');
    expect(asked.headers['cache-control']).toContain('no-store');
    expect(asked.text).toContain('Your session has ended. Your text is kept');
    const wrong = await made.form({ ...fieldsOf(asked.text), token: 'x'.repeat(40) }).expect(403);
    expect(wrong.text).toContain('This is not the admin token.');
    made.clock.steady += 60_000;
    const inside = await made.form({ ...fieldsOf(wrong.text), token: TOKEN }).expect(200);
    expect(cookieOf(inside)).toMatch(SESSION);
    expect(inside.text).toContain('<form method="post" action="/dashboard/profiles/a/preview">');
    expect(inside.text).not.toContain('http-equiv="refresh"');
    expect(fieldsOf(inside.text)).toEqual(EDITED);
    expect(inside.text).not.toContain(TOKEN);
    expect(JSON.stringify(made.log.lines)).not.toContain('talos');
  });

  test('that of another site, or of a program, is refused as before', async () => {
    const made = setup();
    const foreign = await posting(made).set('Origin', 'http://evil.example').send(EDITED).expect(401);
    const program = await posting(made).set('Accept', '*/*').send(EDITED).expect(401);
    for (const { text } of [foreign, program]) expect(text).toMatch(/not logged in/);
    const elsewhere = await posting(made, '/dashboard/users/ann/password').send({ password: 'x' }).expect(401);
    expect(elsewhere.text).toMatch(/not logged in/);
  });

  test('a login form carries nothing to other pages', async () => {
    const answer = await setup().form({ token: TOKEN, next: '/dashboard/machines', 'edit-text': 'x' }).expect(303);
    expect(answer.headers['location']).toBe('/dashboard/machines');
  });

  test('is refused where it is over a megabyte', async () => {
    const answer = await posting(setup())
      .send({ text: 'x'.repeat(2 ** 20) })
      .expect(413);
    expect(answer.text).toMatch(/the body is over 1048576 bytes/);
  });
});
