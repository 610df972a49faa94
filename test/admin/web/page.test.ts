import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { errorPage, formFailure } from '../../../src/admin/web/page.ts';
import { Failure, type FailureCode } from '../../../src/model/failure.ts';
import { openDashboard, samplePages, type FakeDashboard } from '../../support/fake-dashboard.ts';

let setup: FakeDashboard;
beforeEach(async () => {
  setup = await openDashboard();
});
afterEach(async () => {
  await setup[Symbol.asyncDispose]();
});

describe('a failure', () => {
  it.each<readonly [FailureCode, number]>([
    ['not-found', 404],
    ['invalid', 400],
    ['conflict', 409],
    ['unavailable', 503],
    ['broken', 500],
  ])('%s becomes a page with status %d that says what to do', async (code, expected) => {
    setup.adminService.machines = async () => {
      throw new Failure(code, 'the journal is off', { remedy: 'free some space' });
    };
    const { status, text } = await setup.get('/dashboard/machines');
    expect(status).toBe(expected);
    expect(text).toContain('the journal is off');
    expect(text).toContain('free some space');
    expect(text).toContain('<nav aria-label="Main">');
  });

  it('of our own making says nothing about itself', async () => {
    setup.adminService.machines = async () => {
      throw new TypeError('secret /srv/path');
    };
    const { status, text } = await setup.get('/dashboard/machines');
    expect(status).toBe(500);
    expect(text).not.toMatch(/secret|srv|at .*ts:/);
  });
});

describe('the number beside Health', () => {
  it('is there when there is something to look at', async () => {
    expect((await setup.get('/dashboard/profiles')).text).toMatch(/class="badge">.*3<\/span>/);
  });

  it('is left out when nobody knows it', async () => {
    setup.adminService.health = async () => {
      throw new Failure('unavailable', 'later');
    };
    const { status, text } = await setup.get('/dashboard/profiles');
    expect(status).toBe(200);
    expect(text).not.toContain('class="badge"');
  });
});

describe('what was just done', () => {
  it('is told in the words of a fixed list', async () => {
    const { text } = await setup.get('/dashboard/profiles?done=saved');
    expect(text).toContain('Saved. It is in force');
  });

  it('is nothing else that stands in the address', async () => {
    expect((await setup.get('/dashboard/profiles?done=You+are+hacked')).text).not.toMatch(/hacked|class="done"/);
  });
});

test('says what, where and what to do, and the way back', () => {
  const failure = new Failure('broken', 'unknown key', {
    place: { file: 'profiles/a.json', line: 3 },
    remedy: 'mend it',
  });
  expect(errorPage(failure, 'Profiles')).toMatchObject({
    title: 'Something is broken',
    live: [],
    data: { message: 'unknown key', place: 'profiles/a.json:3', remedy: 'mend it', back: '/dashboard/profiles' },
  });
});

test('without a place and a remedy there is none', () => {
  expect(errorPage(new Failure('unavailable', 'off'), 'Machines').data).toMatchObject({
    place: undefined,
    remedy: undefined,
    title: 'Not available now',
  });
});

test('every page is a document under a strict policy, kept by nobody', async () => {
  for (const { path } of samplePages(setup.adminService)) {
    const { status, text, headers } = await setup.get(path);
    expect([path, status]).toEqual([path, 200]);
    expect(text).toMatch(/^<!doctype html>/);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/script-src 'self'/);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe/);
    expect(headers.get('cache-control')).toBe('no-store');
  }
});

test('/dashboard is the table of machines', async () => {
  expect((await setup.get('/dashboard')).text).toContain('<title>Machines - Pilotlight</title>');
});

describe('the live part alone', () => {
  it.each([
    ['/dashboard/machines?fragment=1', {}],
    ['/dashboard/machines', { headers: { 'X-Fragment': '1' } }],
  ])('comes for %s %j', async (path, init) => {
    const { text, headers } = await setup.get(path, init);
    expect(text).toMatch(/^<div id="live" data-summary="30 machines: 2 failed, 3 unknown/);
    expect(text).not.toMatch(/<html|<header/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('is not worth a look at the health', async () => {
    await using other = await openDashboard();
    other.adminService.health = async () => {
      throw new TypeError('nobody asked for this');
    };
    expect((await other.get('/dashboard/machines?fragment=1')).status).toBe(200);
    expect((await other.get('/dashboard/machines')).status).toBe(500);
  });
});

test('a page whose method is wrong says which are right', async () => {
  const { status, headers } = await setup.post('/dashboard/machines', {});
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await setup.get('/dashboard/releases/sync')).headers.get('allow')).toBe('POST');
});

test('what is not there is said by the server', async () => {
  expect((await setup.get('/dashboard/nothing')).status).toBe(404);
});

test('who is not logged in sees no page and no form', async () => {
  for (const { path } of samplePages(setup.adminService)) {
    const answer = await fetch(`${setup.url}${path}`, { redirect: 'manual' });
    expect([path, answer.status]).toEqual([path, 303]);
    expect(answer.headers.get('location')).toMatch(/^\/dashboard\/login/);
  }
});

test.each([undefined, 'null', 'http://evil.example'])('a form with Origin: %s does nothing', async (origin) => {
  const before = setup.adminService.calls.length;
  const answer = await fetch(`${setup.url}/dashboard/releases/sync`, {
    method: 'POST',
    headers: { cookie: `${setup.cookie.name}=${setup.cookie.value}`, ...(origin === undefined ? {} : { origin }) },
    body: new URLSearchParams(),
  });
  expect(answer.status).toBe(403);
  expect(setup.adminService.calls).toHaveLength(before);
});

test('a form tells failures and nothing else', () => {
  const failed = formFailure(new Failure('conflict', 'm', { remedy: 'r' }));
  expect(failed).toEqual({ message: 'm', remedy: 'r', status: 409 });
  const bug = new TypeError('bug');
  expect(() => formFailure(bug)).toThrow(bug);
});
