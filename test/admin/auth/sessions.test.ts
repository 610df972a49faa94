import { expect, test } from 'vitest';
import { Sessions, type EndedSessions, type KeptSessions } from '../../../src/admin/auth/sessions.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

function setup(token = 'a token of sixteen letters') {
  const clock = { now: START };
  const since = new Map([['anna', START]]);
  const sessions = new Sessions({ token, now: () => clock.now, userSince: (name) => since.get(name) });
  const valueOf = (line: string): string => line.split(';', 1).join('');
  return { clock, since, sessions, valueOf, open: () => valueOf(sessions.cookie(sessions.open(), false)) };
}

test('the cookie is for this server alone: no script, no other site, twelve hours', () => {
  const { sessions } = setup();
  const session = sessions.open();
  expect(sessions.cookie(session, false)).toMatch(
    /^pilotlight=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  );
  expect(sessions.cookie(session, true)).toMatch(/; SameSite=Strict; Secure$/);
  expect(sessions.noCookie(true)).toBe('pilotlight=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure');
});

test('it is read back, among other cookies and after a forged one', () => {
  const { sessions, open } = setup();
  const cookie = open();
  expect(sessions.read(cookie)).toBeDefined();
  expect(sessions.read(`theme=dark; ${cookie}; a=b`)).toEqual(sessions.read(cookie));
  expect(sessions.read(`pilotlight=forged; ${cookie}`)).toEqual(sessions.read(cookie));
  expect(sessions.read(`xpilotlight=${cookie.slice(11)}`)).toBeUndefined();
});

test('no letter of it may be changed', () => {
  const { sessions, open } = setup();
  const cookie = open();
  for (let at = 'pilotlight='.length; at < cookie.length; at += 1) {
    // The last letter of a MAC holds four bits that no byte has: another letter there is still another text.
    const letter = cookie[at] === 'a' ? 'b' : 'a';
    expect(sessions.read(cookie.slice(0, at) + letter + cookie.slice(at + 1)), String(at)).toBeUndefined();
  }
  for (const wrong of ['', 'pilotlight=', 'pilotlight=...', `${cookie}.`, cookie.slice(0, -1), cookie.toUpperCase()]) {
    expect(sessions.read(wrong), wrong).toBeUndefined();
  }
});

test('another token, another world', () => {
  const { open } = setup();
  expect(setup('another token of ours').sessions.read(open())).toBeUndefined();
  expect(setup().sessions.read(open())).toBeDefined(); // but a restart ends nothing
});

test('it ends after twelve hours without a request, and is renewed in the second half of them', () => {
  const { clock, sessions, open, valueOf } = setup();
  const cookie = open();
  clock.now += 6 * HOUR - 1;
  const early = sessions.read(cookie);
  expect(early && sessions.renewed(early)).toBeUndefined();
  clock.now += 1;
  const session = sessions.read(cookie);
  const renewed = session && sessions.renewed(session);
  expect(renewed).toMatchObject({ id: session?.id, born: START, expires: clock.now + 12 * HOUR });
  const later = renewed === undefined ? '' : valueOf(sessions.cookie(renewed, false));
  clock.now = START + 12 * HOUR;
  expect([sessions.read(cookie), sessions.read(later)]).toEqual([undefined, renewed]);
});

test('it ends after a week, however busy it is', () => {
  const { clock, sessions } = setup();
  let session = sessions.open();
  for (let hour = 0; hour < 7 * 24 - 1; hour += 1) {
    clock.now += HOUR;
    session = sessions.renewed(session) ?? session;
    expect(sessions.alive(session)).toBe(true);
  }
  clock.now += HOUR;
  expect(sessions.alive(session)).toBe(false);
  expect(sessions.renewed(session)).toBeUndefined();
});

test('a clock that is put back makes no session longer', () => {
  const { clock, sessions, open } = setup();
  const cookie = open();
  clock.now -= HOUR;
  expect(sessions.read(cookie)).toBeUndefined();
});

test('who logs out is out, with every copy of the cookie', async () => {
  const { clock, sessions, open } = setup();
  const [gone, kept] = [open(), open()];
  const session = sessions.read(gone);
  if (session === undefined) throw new TypeError('the test is wrong');
  clock.now += 7 * HOUR;
  const renewed = sessions.renewed(session);
  await sessions.end(session);
  expect(sessions.read(gone)).toBeUndefined();
  expect(renewed && sessions.alive(renewed)).toBe(false);
  expect(sessions.read(kept)).toBeDefined();
});

test('of sessions that were ended, a thousand are remembered', async () => {
  const { clock, sessions } = setup();
  const all = Array.from({ length: 1025 }, () => sessions.open());
  for (const session of all) await sessions.end(session);
  expect(all.filter((session) => sessions.alive(session))).toEqual([all[0]]);
  clock.now += 7 * 24 * HOUR;
  await sessions.end(sessions.open());
  expect(all.some((session) => sessions.alive(session))).toBe(false);
});

test('a logout is kept for the next run, and where that is not known all log in again', async () => {
  const kept: (readonly [string, number])[][] = [];
  const make = (ended: EndedSessions, notBefore = 0) =>
    new Sessions({
      token: 'a token of sixteen letters',
      now: () => START,
      book: {
        ...{ ended, open: [], notBefore },
        keep: (all: KeptSessions) => {
          kept.push([...all.ended]);
          return Promise.resolve();
        },
      },
    });
  const first = make(new Map());
  const [out, stays] = [first.open(), first.open()];
  await first.end(out);
  expect(kept.at(-1)).toEqual([[out.id, START + 7 * 24 * HOUR]]);
  const second = make(new Map(kept.at(-1)));
  expect([second.alive(out), second.alive(stays)]).toEqual([false, true]);
  const blind = make(new Map(), START + 1);
  expect([blind.alive(out), blind.alive(stays)]).toEqual([false, false]);
});

test("a user's session counts while the user is there, and from the last change of the password on", () => {
  const { clock, since, sessions, valueOf } = setup();
  const cookie = valueOf(sessions.cookie(sessions.open('anna'), false));
  expect(sessions.read(cookie)?.user).toBe('anna');
  // The name is under the MAC: another name's cookie is forged.
  const [born, expires, id, , mac] = cookie.split('.');
  expect(sessions.read([born, expires, id, Buffer.from('bert').toString('base64url'), mac].join('.'))).toBeUndefined();
  expect(sessions.read([born, expires, id, mac].join('.'))).toBeUndefined();
  clock.now += 5;
  since.set('anna', clock.now);
  expect(sessions.read(cookie)).toBeUndefined();
  const again = valueOf(sessions.cookie(sessions.open('anna'), false));
  expect(sessions.read(again)).toBeDefined();
  since.delete('anna');
  expect(sessions.read(again)).toBeUndefined();
});

test('open sessions are listed, also after a restart, until they end', async () => {
  const { clock, since } = setup();
  let kept: KeptSessions = { ended: new Map(), open: [] };
  const run = () =>
    new Sessions({
      token: 'a token of sixteen letters',
      now: () => clock.now,
      userSince: (name) => since.get(name),
      book: {
        ...kept,
        notBefore: 0,
        keep: (all) => {
          kept = { ended: new Map(all.ended), open: all.open };
          return Promise.resolve();
        },
      },
    });
  const first = run();
  const anna = first.open('anna', { from: '10.0.0.7', agent: 'Firefox' });
  clock.now += 1000;
  first.open(undefined, { from: '10.0.0.8' });
  expect(first.list()).toMatchObject([
    { from: '10.0.0.8', seen: START + 1000 },
    { user: 'anna', from: '10.0.0.7', agent: 'Firefox', born: START, seen: START },
  ]);
  const second = run();
  expect(second.list()).toEqual(first.list());
  clock.now += 1000;
  second.seen(anna, { from: '10.0.0.9', agent: 'Firefox' });
  expect(second.list()[0]).toMatchObject({ user: 'anna', from: '10.0.0.9', seen: START + 2000 });
  await second.end(anna);
  expect(
    run()
      .list()
      .map(({ user }) => user),
  ).toEqual([undefined]);
  expect(run().alive(anna)).toBe(false);
});

test('of open sessions a thousand are listed, and one that is not listed holds all the same', () => {
  const { clock, sessions } = setup();
  const first = sessions.open();
  for (let i = 0; i < 1024; i += 1) {
    clock.now += 1;
    sessions.open();
  }
  expect(sessions.list()).toHaveLength(1024);
  expect(sessions.list().some(({ id }) => id === first.id)).toBe(false);
  expect(sessions.alive(first)).toBe(true);
});
