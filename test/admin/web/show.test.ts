import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure, type FailureCode } from '../../../src/model/failure.ts';
import { openDashboard, type FakeDashboard } from '../../support/fake-dashboard.ts';

let stand: FakeDashboard;
beforeEach(async () => {
  stand = await openDashboard();
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

describe('a failure', () => {
  it.each<readonly [FailureCode, number]>([
    ['not-found', 404],
    ['invalid', 400],
    ['conflict', 409],
    ['unavailable', 503],
    ['broken', 500],
  ])('%s becomes a page with status %d that says what to do', async (code, expected) => {
    stand.adminService.machines = async () => {
      throw new Failure(code, 'the journal is off', { remedy: 'free some space' });
    };
    const { status, text } = await stand.get('/dashboard/machines');
    expect(status).toBe(expected);
    expect(text).toContain('the journal is off');
    expect(text).toContain('free some space');
    expect(text).toContain('<nav aria-label="Main">');
  });

  it('of our own making says nothing about itself', async () => {
    stand.adminService.machines = async () => {
      throw new TypeError('secret /srv/path');
    };
    const { status, text } = await stand.get('/dashboard/machines');
    expect(status).toBe(500);
    expect(text).not.toMatch(/secret|srv|at .*ts:/);
  });
});

describe('the number beside Health', () => {
  it('is there when there is something to look at', async () => {
    expect((await stand.get('/dashboard/profiles')).text).toMatch(/class="badge">.*3<\/span>/);
  });

  it('is left out when nobody knows it', async () => {
    stand.adminService.health = async () => {
      throw new Failure('unavailable', 'later');
    };
    const { status, text } = await stand.get('/dashboard/profiles');
    expect(status).toBe(200);
    expect(text).not.toContain('class="badge"');
  });
});

describe('what was just done', () => {
  it('is told in the words of a fixed list', async () => {
    const { text } = await stand.get('/dashboard/profiles?done=saved');
    expect(text).toContain('Saved. The profile is in force');
  });

  it('is nothing else that stands in the address', async () => {
    expect((await stand.get('/dashboard/profiles?done=You+are+hacked')).text).not.toMatch(/hacked|class="done"/);
  });
});
