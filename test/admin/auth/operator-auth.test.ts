import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createOperatorAuth } from '../../../src/admin/auth/operator-auth.ts';
import { originOf } from '../../support/app-context.ts';

const TOKEN = 'a-token-of-some-letters';
const BEARER = { authorization: `Bearer ${TOKEN}` };

function setup() {
  const clock = { wall: Date.UTC(2026, 0, 1), steady: 0 };
  const auth = createOperatorAuth({ token: TOKEN, wall: () => clock.wall, steady: () => clock.steady });
  const cookieOf = (): string => {
    const verdict = auth.logIn(TOKEN, 'someone');
    if (verdict.kind !== 'access' || verdict.access.session === undefined) throw new TypeError('not let in');
    return auth.sessions.cookie(verdict.access.session, false).split(';', 1).join('');
  };
  return { clock, auth, cookieOf };
}

test('the token opens, everything else does not', () => {
  const { auth, clock } = setup();
  const verdict = auth.check(BEARER, 'a');
  expect(verdict.kind === 'access' && verdict.access.session).toBeUndefined();
  expect(verdict.kind === 'access' && verdict.access.alive()).toBe(true);
  expect(auth.check({}, 'a')).toEqual({ kind: 'none' });
  expect(auth.check({ authorization: `Basic ${TOKEN}` }, 'a')).toEqual({ kind: 'none' });
  expect(auth.check({ authorization: 'Bearer nonsense' }, 'a')).toEqual({ kind: 'wrong' });
  clock.steady += 1000;
  expect(auth.check(BEARER, 'a').kind).toBe('access');
});

test('after a failure nothing is compared for a while, the right token included; elsewhere it opens', () => {
  const { auth, clock } = setup();
  auth.check({ authorization: 'Bearer nonsense' }, 'attacker');
  expect(auth.check(BEARER, 'attacker')).toEqual({ kind: 'wait', seconds: 1 });
  expect(auth.logIn(TOKEN, 'attacker')).toEqual({ kind: 'wait', seconds: 1 });
  for (let i = 0; i < 500; i += 1) auth.check({ authorization: 'Bearer nonsense' }, `attacker-${i}`);
  expect(auth.check(BEARER, 'operator').kind).toBe('access');
  clock.steady += 1000;
  expect(auth.check(BEARER, 'attacker').kind).toBe('access');
});

test('a session is not in the back-off: who is logged in stays in', () => {
  const { auth, cookieOf } = setup();
  const cookie = cookieOf();
  auth.check({ authorization: 'Bearer nonsense' }, 'here');
  expect(auth.check({ cookie }, 'here').kind).toBe('access');
});

test('a wrong Bearer is not saved by a cookie', () => {
  const { auth, cookieOf } = setup();
  expect(auth.check({ cookie: cookieOf(), authorization: 'Bearer nonsense' }, 'a').kind).toBe('wrong');
});

test('a link works once, for a quarter of an hour by the steady clock', () => {
  const { auth, clock } = setup();
  const code = (): string => {
    const link = auth.newLink(originOf('boot.lan:4777'));
    expect(link.url).toMatch(/^http:\/\/boot\.lan:4777\/dashboard\/login\?code=[\w-]{22}$/);
    expect(link.expiresAt).toBe(clock.wall + 15 * 60_000);
    return link.url.split('=')[1] ?? '';
  };
  const [one, two, three] = [code(), code(), code()];
  expect(auth.redeem(one, 'a').kind).toBe('access');
  expect(auth.redeem(one, 'a').kind).toBe('wrong');
  clock.wall += 365 * 86_400_000; // the time of day arrives
  expect(auth.redeem(two, 'b').kind).toBe('access');
  clock.steady += 15 * 60_000;
  expect(auth.redeem(three, 'b').kind).toBe('wrong');
});

test('a session lives until it is ended, in every request that has begun', async () => {
  const { auth, cookieOf } = setup();
  const verdict = auth.check({ cookie: cookieOf() }, 'a');
  if (verdict.kind !== 'access' || verdict.access.session === undefined) throw new TypeError('not let in');
  expect(verdict.access.alive()).toBe(true);
  await auth.sessions.end(verdict.access.session);
  expect(verdict.access.alive()).toBe(false);
});

test('whoever prints it sees no token', () => {
  const { auth } = setup();
  expect(inspect(auth, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  expect(JSON.stringify(auth)).not.toContain(TOKEN);
});

test('success wipes the slate: the next mistake costs one second again', () => {
  const { auth, clock } = setup();
  for (const seconds of [1, 2, 4]) {
    auth.check({ authorization: 'Bearer nonsense' }, 'a');
    expect(auth.check(BEARER, 'a')).toEqual({ kind: 'wait', seconds });
    clock.steady += seconds * 1000;
  }
  expect(auth.check(BEARER, 'a').kind).toBe('access');
  auth.check({ authorization: 'Bearer nonsense' }, 'a');
  expect(auth.check(BEARER, 'a')).toEqual({ kind: 'wait', seconds: 1 });
});

test('wrong codes count apart from tokens, and keep no right code out: any page can have a browser ask for one', () => {
  const { auth, clock } = setup();
  expect(auth.redeem('x', 'here').kind).toBe('wrong');
  expect(auth.redeem('x', 'here')).toEqual({ kind: 'wait', seconds: 1 });
  for (let i = 0; i < 100; i += 1) {
    clock.steady += 60_000;
    auth.redeem('x', 'here');
  }
  expect(auth.redeem('x', 'here').kind).toBe('wait');
  const code = auth.newLink(originOf('boot.lan:4777')).url.split('=')[1] ?? '';
  expect(auth.logIn(TOKEN, 'here').kind).toBe('access');
  expect(auth.check(BEARER, 'here').kind).toBe('access');
  expect(auth.redeem(code, 'here').kind).toBe('access');
  // And the other way round.
  expect(auth.logIn('wrong', 'there').kind).toBe('wrong');
  expect(auth.redeem('x', 'there').kind).toBe('wrong');
});

test.each([
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: 'http://evil.example', host: 'boot.lan:4777' },
  { origin: 'null', host: 'boot.lan:4777' },
])('a token from a page of another site (%j) counts apart: it locks no operator out', (headers) => {
  const { auth } = setup();
  expect(auth.check({ ...headers, ...BEARER }, 'here').kind).toBe('access');
  expect(auth.check({ ...headers, authorization: 'Bearer nonsense' }, 'here').kind).toBe('wrong');
  expect(auth.check(BEARER, 'here').kind).toBe('access');
  // Nor is it a way to guess without waiting.
  expect(auth.check({ ...headers, authorization: 'Bearer nonsense' }, 'here').kind).toBe('wait');
});

test('an API token that has ended locks out neither the admin token nor a good one at its address', () => {
  const good = { name: 'anna', role: 'viewer', added: 0, sessionsFrom: 0, tokens: [] } as const;
  const token = { id: 'aaaaaaaa', name: 'ci', sha256: '', made: 0, ends: 1 };
  const auth = createOperatorAuth({
    token: TOKEN,
    steady: () => 0,
    users: {
      check: async () => Promise.resolve(undefined),
      find: () => good,
      ofToken: (text) => (text === 'plt_good' ? { user: good, token } : undefined),
    },
  });
  const ended = { authorization: 'Bearer plt_ended' };
  expect([auth.check(ended, 'proxy').kind, auth.check(ended, 'proxy').kind]).toEqual(['wrong', 'wait']);
  expect(auth.check(BEARER, 'proxy').kind).toBe('access');
  expect(auth.check({ authorization: 'Bearer plt_good' }, 'proxy').kind).toBe('access');
  expect(auth.check({ authorization: 'Bearer nonsense' }, 'proxy').kind).toBe('wrong');
  expect(auth.check(BEARER, 'proxy').kind).toBe('wait');
});
