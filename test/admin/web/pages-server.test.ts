import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDashboard, type FakeDashboard } from '../../support/fake-dashboard.ts';

let setup: FakeDashboard;
beforeEach(async () => {
  setup = await openDashboard();
});
afterEach(async () => {
  await setup[Symbol.asyncDispose]();
});

describe('releases', () => {
  it('begin a sync once', async () => {
    setup.adminService.releasesView = { ...setup.adminService.releasesView, running: false };
    const first = await setup.post('/dashboard/releases/sync', {});
    const second = await setup.post('/dashboard/releases/sync', {});
    expect(first.headers.get('location')).toBe('/dashboard/releases?done=syncing');
    expect(second.headers.get('location')).toBe('/dashboard/releases?done=sync-runs');
  });

  it('roll a profile back', async () => {
    const { headers } = await setup.post('/dashboard/releases/rollback', { profile: 'workers', version: '4593.2.0' });
    expect(headers.get('location')).toBe('/dashboard/releases?done=rolled-back');
    expect(setup.adminService.calls).toEqual(['rollback workers 4593.2.0']);
  });

  it('say why a roll back failed', async () => {
    const { status, text } = await setup.post('/dashboard/releases/rollback', {
      profile: 'workers',
      version: '4593.2.1',
    });
    expect([status, text.includes('already')]).toEqual([400, true]);
    expect((await setup.post('/dashboard/releases/rollback', {})).status).toBe(400);
  });
});

describe('health', () => {
  it('shows no path of the host', async () => {
    const { text } = await setup.get('/dashboard/health');
    expect(text).toContain('href="/metrics"');
    expect(text).toContain('href="/api/v1/openapi.json"');
    expect(text).not.toMatch(/\/(?:srv|root|home|work|tmp)\//);
  });

  it('says that all is well', async () => {
    await using empty = await openDashboard({ empty: true });
    expect((await empty.get('/dashboard/health')).text).toContain('All is well.');
  });
});

describe('assets', () => {
  const hrefOf = async (name: string): Promise<string> => {
    const { text } = await setup.get('/dashboard/machines');
    return (new RegExp(`"(/dashboard/assets/${name}[^"]*)"`).exec(text)?.[1] ?? '').replace('&#x3D;', '=');
  };

  it.each([
    ['dashboard.css', 'text/css; charset=utf-8'],
    ['dashboard.js', 'text/javascript; charset=utf-8'],
    ['pilotlight.svg', 'image/svg+xml'],
  ])('%s may be kept for ever under its digest', async (name, type) => {
    const { status, headers } = await setup.get(await hrefOf(name));
    expect([status, headers.get('content-type')]).toEqual([200, type]);
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
  });

  it('are asked for again without it, and not sent twice', async () => {
    const { headers } = await setup.get('/dashboard/assets/dashboard.css');
    expect(headers.get('cache-control')).toBe('no-cache');
    const again = await setup.get('/dashboard/assets/dashboard.css', {
      headers: { 'If-None-Match': headers.get('etag') ?? '' },
    });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it.each(['nothing.css', '..%2fviews%2flayout.hbs', '..%2f..%2fpackage.json', '%00'])(
    '%s is not one of them',
    async (name) => {
      expect((await setup.get(`/dashboard/assets/${name}`)).status).toBeGreaterThanOrEqual(400);
    },
  );
});
