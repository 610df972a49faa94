import { pathOf } from '../../src/model/plan.ts';
import { expect, onTestFinished, test } from 'vitest';
import { parseOrigin } from '../../src/model/plan.ts';
import { mountPages } from '../../src/admin/web/pages.ts';

import { SCRIPT } from '../support/fake-boot-service.ts';
import { get, request } from '../support/http-raw.ts';
import { openContext } from '../support/http-server.ts';
import { fakeAdminService, TOKEN } from '../support/operator-setup.ts';

const BASE = parseOrigin('https://boot.example.org/pilot');

async function below() {
  const adminService = fakeAdminService({
    profiles: async () => [],
    health: async () => ({ problems: [], troubles: [], version: '1', uptimeSeconds: 1, disks: [] }) as never,
  });
  const appContext = await openContext({ start: () => SCRIPT }, { baseUrl: BASE, adminService, pages: mountPages });
  onTestFinished(async () => {
    await appContext.close();
  });
  return appContext.port;
}

test('the path of a base URL', () => {
  expect([pathOf(undefined), pathOf(parseOrigin('http://a:4777')), pathOf(BASE)]).toEqual(['', '', '/pilot']);
});

// The proxy takes the path away, or hands it on.
test.each(['', '/pilot'])(
  'case 19-dashboard-under-a-path: asked as %s/dashboard, all is below the path',
  async (as) => {
    const port = await below();
    expect((await get(port, `${as}/dashboard`)).headers['location']).toBe('/pilot/dashboard/login');
    expect((await get(port, `${as}/dashboard/profiles`)).headers['location']).toBe(
      '/pilot/dashboard/login?next=%2Fdashboard%2Fprofiles',
    );
    expect((await get(port, `${as}/`)).headers['location']).toBe('/pilot/dashboard');
    expect((await get(port, `${as}/boot.ipxe`)).body).toBe(SCRIPT);
    const login = await get(port, `${as}/dashboard/login?next=/dashboard/profiles`);
    expect(login.body).toContain('action="/pilot/dashboard/login"');
    expect(login.body).toContain('href="/pilot/dashboard/login.css"');
    // What comes back is a path of ours, without what stands before it.
    expect(login.body).toContain('name="next" value="/dashboard/profiles"');
    expect(Number(login.headers['content-length'])).toBe(Buffer.byteLength(login.body));
    const form = `token=${TOKEN}&next=/dashboard/profiles`;
    const entered = await request(port, 'POST', `${as}/dashboard/login`, [
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${form.length}\r\n\r\n${form}`,
    ]);
    expect(entered.headers['location']).toBe('/pilot/dashboard/profiles');
    expect(entered.headers['set-cookie']).toContain('; Path=/pilot;');
    const [cookie = ''] = (entered.headers['set-cookie'] ?? '').split(';');
    const page = await get(port, `${as}/dashboard/profiles`, [`Cookie: ${cookie}`]);
    expect(page.status).toBe(200);
    const addresses = page.body.match(/\b(?:href|action|src)="\/[^"]*"/g) ?? [];
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((one) => !one.includes('"/pilot/dashboard'))).toEqual([]);
    const openapi = JSON.parse((await get(port, `${as}/api/v1/openapi.json`)).body) as { readonly servers: unknown };
    expect(openapi.servers).toEqual([{ url: '/pilot/api/v1' }]);
  },
);

test('a path that only begins like ours is another one', async () => {
  const port = await below();
  expect((await get(port, '/pilots/dashboard')).status).toBe(404);
});
