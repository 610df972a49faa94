import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM, openBrowser, type Browser } from '../support/browser.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { macOf, NEW, rolloutFolder } from '../support/rollout-setup.ts';
import { serveChild } from '../support/served.ts';

const TOKEN = 'a-token-of-this-test-0123456789';
const ADMIN = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };

needs({ files: [CHROMIUM] }).describe('the waves of a rollout in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
  });

  needs({ files: [CHROMIUM] }).test('move while machines boot, and an operator opens the next one there', async () => {
    const dir = makeFolder({});
    // Without a time of waiting: a wave is good as soon as its machines are up.
    const rollout = { canaries: ['w1', 'w2'], waves: ['50%'], soak: 0, tolerate: 1 };
    addFiles(dir, rolloutFolder({ rollout }));
    const server = serveChild(dir, { env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN } });
    const url = `http://127.0.0.1:${await server.port}`;
    const answer = async (path: string, init: RequestInit = {}): Promise<string> => {
      const got = await fetch(url + path, init);
      expect([path, got.status]).toEqual([path, 200]);
      return await got.text();
    };
    await answer('/api/v1/profiles/w/rollout', { method: 'POST', headers: ADMIN, body: JSON.stringify({ to: NEW }) });
    const page = await browser.context.newPage();
    page.setDefaultTimeout(110_000);
    await page.goto(`${url}/dashboard/login`);
    await page.locator('input[type=password]').fill(TOKEN);
    await page.locator('button[type=submit]').click();
    await page.waitForURL(`${url}/dashboard`);
    const stream = page.waitForResponse(/\/api\/v1\/events$/);
    await page.goto(`${url}/dashboard/releases`);
    await stream;
    const wave = async (name: string): Promise<string> => await page.locator(`tr[data-key="wave-${name}"]`).innerText();
    expect(await wave('canaries')).toMatch(/open now/);
    expect(await wave('wave 1 of 2')).not.toMatch(/open/);

    const boots = async (number: number): Promise<void> => {
      expect(await answer(`/ipxe?mac=${macOf(number)}&platform=efi&arch=x86_64`)).toContain(NEW);
      await answer(`/phone-home/${macOf(number)}`, { method: 'POST' });
    };
    await boots(1);
    await expect.poll(async () => wave('canaries')).toMatch(/1 of 2/);
    // Nothing is loaded anew: the picture changes by itself.
    await boots(2);
    await expect.poll(async () => wave('wave 1 of 2')).toMatch(/open now/);
    expect(await wave('canaries')).toMatch(/2 of 2/);
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(async () => page.locator('[data-key="rollout-w"]').innerText()).toMatch(/Paused/i);
    await page.getByRole('button', { name: /Open the next|Next wave|Promote/i }).click();
    await expect.poll(async () => wave('wave 2 of 2')).toMatch(/open now/);
    await page.close();
  });
});
