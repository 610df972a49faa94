import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { CHROMIUM, openBrowser, type Browser } from '../support/browser.ts';
import { openDashboard, sampleVisits, visit, type FakeDashboard } from '../support/fake-dashboard.ts';
import { needs } from '../support/needs.ts';

const SLOW = 240_000;

needs({ files: [CHROMIUM] }).describe('the dashboard in a browser', () => {
  let browser: Browser;
  let setup: FakeDashboard;
  beforeAll(async () => {
    browser = await openBrowser();
    setup = await openDashboard();
  }, SLOW);
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await setup[Symbol.asyncDispose]();
  }, SLOW);

  /** A page of somebody who is logged in, and what the browser refused to do for it. */
  async function open(path: string, { width = 1240, dark = false, scripts = true } = {}) {
    const page = await browser.context.newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) refused.push(message.text());
    });
    if (!scripts) {
      const session = await browser.context.newCDPSession(page);
      await session.send('Emulation.setScriptExecutionDisabled', { value: true });
    }
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    await logIn(setup);
    await page.goto(`${setup.url}${path}`);
    return { page, refused, [Symbol.asyncDispose]: async () => page.close() };
  }

  // Cookies know no ports: the last one wins.
  async function logIn({ cookie }: FakeDashboard): Promise<void> {
    await browser.context.addCookies([{ ...cookie, httpOnly: true, sameSite: 'Strict' }]);
  }

  /** The same, and its page hears what changes. */
  async function listening(path: string) {
    const opened = await open('/dashboard/assets/pilotlight.svg');
    const stream = opened.page.waitForResponse(/\/api\/v1\/events$/);
    await opened.page.goto(`${setup.url}${path}`);
    await stream;
    return opened;
  }

  const keyOf = (name: string): string => setup.adminService.rows.find((row) => row.name === name)?.key ?? '';
  const rowOf = (page: Page, name: string) => page.locator(`tr[data-key="${keyOf(name)}"]`);

  const LOOKS = [
    { look: 'light', width: 1240, dark: false },
    { look: 'dark', width: 1240, dark: true },
    { look: 'on a phone', width: 360, dark: false },
  ] as const;
  for (const { look, width, dark } of LOOKS) {
    test(
      `every page is accessible ${look}, fits, and asks for nothing that the policy forbids`,
      { timeout: SLOW },
      async () => {
        await using empty = await openDashboard({ empty: true });
        await using opened = await open('/dashboard/assets/pilotlight.svg', { width, dark });
        const { page, refused } = opened;
        await page.addInitScript({ content: axe.source });
        const full = sampleVisits(setup.adminService).map((sample) => ({ sample, appContext: setup }));
        for (const { sample, appContext } of [
          ...full,
          { sample: { name: 'empty', path: '/dashboard/machines' }, appContext: empty },
        ]) {
          const { name } = sample;
          expect(await visit(page, appContext, sample), name).toBeLessThan(500);
          await page.evaluate('for (const fold of document.querySelectorAll("#live details")) fold.open = true');
          expect(await findings(page), name).toEqual([]);
          expect(refused, name).toEqual([]);
          const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
          expect(wide, `${name} is too wide`).toBeLessThanOrEqual(width);
          if (width === 360) expect(await smallTargets(page), name).toEqual([]);
        }
      },
    );
  }

  test('axe and the policy would say so if something were wrong', { timeout: SLOW }, async () => {
    await using opened = await open('/dashboard/assets/pilotlight.svg');
    await opened.page.addInitScript({ content: axe.source });
    await opened.page.goto(`${setup.url}/dashboard/machines`);
    await opened.page.evaluate(`{
      const main = document.querySelector('main');
      main.insertAdjacentHTML('beforeend', '<img src="data:," /><p style="color: red">x</p>');
    }`);
    expect(await findings(opened.page)).not.toEqual([]);
    await expect.poll(() => opened.refused.length).toBeGreaterThan(0);
  });

  test('a machine is adopted with the keyboard alone', { timeout: SLOW }, async () => {
    await using opened = await open('/dashboard/machines');
    const { page } = opened;
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to content');
    await tabTo(page, /^Adopt/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#adopt$/);
    await tabTo(page, /^profile$/);
    await page.keyboard.type('edge');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('edge4');
    await page.keyboard.press('Enter');
    await page.waitForURL(/done=adopted/);
    expect(await page.locator('.done').innerText()).toContain('Adopted.');
    expect(setup.adminService.calls.at(-1)).toMatch(/^adopt \S+ edge-canary edge4$/);
  });

  test('without scripts pages are read and forms work', { timeout: SLOW }, async () => {
    await using opened = await open('/dashboard/machines?text=w1&state=up', { scripts: false });
    const { page } = opened;
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(2);
    await page.locator('#text').fill('no such machine');
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await page.locator('.empty').innerText()).toContain('No machine matches');
    await page.goto(`${setup.url}/dashboard/machines/${encodeURIComponent(keyOf('store1'))}`);
    expect(await page.locator('.waterfall').innerText()).toMatch(/DHCP[\s\S]*TFTP[\s\S]*Kernel/);
    await page.getByRole('link', { name: 'Reinstall...', exact: true }).click();
    await page.getByRole('button', { name: 'Erase /dev/nvme0n1 and reinstall' }).click();
    await page.waitForURL(/done=reinstall/);
    expect(setup.adminService.calls.at(-1)).toBe(`reinstall ${keyOf('store1')}`);
  });

  for (const scripts of [true, false]) {
    test(
      `machines are chosen by their boxes and reinstalled, ${scripts ? 'with' : 'without'} scripts`,
      { timeout: SLOW },
      async () => {
        await using opened = await open('/dashboard/machines?profile=storage-ubuntu&sort=name', {
          width: 360,
          scripts,
        });
        const { page, refused } = opened;
        for (const name of ['store1', 'store2']) await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
        if (scripts) expect(await page.locator('#chosen').innerText()).toContain('2 chosen');
        await page.locator('#bulk-action').selectOption('reinstall');
        await page.getByRole('button', { name: 'Continue...' }).click();
        expect(await page.locator('h1').innerText()).toBe('Reinstall: 2 machines');
        if (scripts) {
          await page.evaluate(axe.source);
          expect([await findings(page), await smallTargets(page)]).toEqual([[], []]);
        }
        await page.getByRole('button', { name: 'Erase and reinstall 2 machines' }).click();
        await page.waitForURL(/\/bulk\/[0-9a-f]+$/);
        expect(await page.locator('.head-state').innerText()).toContain('2 done');
        if (scripts) {
          await page.evaluate(axe.source);
          expect([await findings(page), await smallTargets(page)]).toEqual([[], []]);
        }
        expect(setup.adminService.calls.slice(-2)).toEqual([
          `reinstall ${keyOf('store1')}`,
          `reinstall ${keyOf('store2')}`,
        ]);
        expect(refused).toEqual([]);
      },
    );
  }

  test('the list stands still while machines are chosen, and goes on afterwards', { timeout: SLOW }, async () => {
    await using opened = await listening('/dashboard/machines?tag=rack1');
    const { page } = opened;
    await page.locator('#pick-all input').check();
    const rows = page.locator('.machines tbody tr');
    expect(await page.locator('.machines tbody input:checked').count()).toBe(await rows.count());
    const first = await rows.first().getAttribute('data-key');
    setup.adminService.change(keyOf('w4'), { lastSeen: Date.now() });
    await page.locator('#pick-all input').uncheck();
    await expect.poll(() => rows.first().getAttribute('data-key'), { timeout: 5000 }).toBe(keyOf('w4'));
    expect(first).not.toBe(keyOf('w4'));
  });

  test('images are uploaded in pieces, and a refusal is told beside the form', { timeout: SLOW }, async () => {
    await using opened = await open('/dashboard/releases');
    const { page, refused } = opened;
    const file = (name: string, size: number) => ({ name, mimeType: '', buffer: Buffer.alloc(size, 'x') });
    const { uploadPiece } = setup.adminService;
    const full = () => Promise.reject(new Failure('unavailable', 'the disk is full'));
    Object.assign(setup.adminService, { uploadPiece: full });
    await page.locator('#upload-files').setInputFiles([file('vmlinuz', 10)]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await expect.poll(() => page.locator('#upload-told').innerText()).toContain('That did not work: the disk is full');
    Object.assign(setup.adminService, { uploadPiece });
    await page.locator('#upload-files').setInputFiles([file('vmlinuz', 5 * 2 ** 20), file('vmlinuz.sig', 0)]);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.waitForURL(/done=uploaded/);
    const piece = 4 * 2 ** 20;
    expect(setup.adminService.calls.slice(-4)).toEqual([
      `uploadPiece vmlinuz 0 ${piece}`,
      `uploadPiece vmlinuz ${piece} ${2 ** 20}`,
      'uploadPiece vmlinuz.sig 0 0',
      'importUpload ',
    ]);
    expect(refused).toEqual([]);
  });

  test('a row changes within two seconds, and nothing that a person does is lost', { timeout: SLOW }, async () => {
    await using opened = await listening('/dashboard/machines');
    const { page, refused } = opened;
    await page.locator('#text').fill('half a wor');
    await page.evaluate(
      'window.kept = document.querySelector(\'tr[data-key="\' + "KEY" + \'"]\')'.replace('KEY', keyOf('w3')),
    );
    await page.evaluate('getSelection().selectAllChildren(document.querySelector(".c-name code"))');
    const selected = String(await page.evaluate('String(getSelection())'));
    expect(selected).not.toBe('');
    setup.adminService.change(keyOf('w2'), { state: 'failed', lastSeen: Date.now() });
    await expect
      .poll(() => rowOf(page, 'w2').locator('.c-state').innerText(), { timeout: 30_000, interval: 50 })
      .toContain('Failed');
    expect(await page.locator('tbody tr').first().getAttribute('data-key')).toBe(keyOf('w2'));
    expect(await page.locator('#text').inputValue()).toBe('half a wor');
    expect(await page.evaluate('String(getSelection())')).toBe(selected);
    expect(await page.evaluate('window.kept.isConnected')).toBe(true);
    expect(await page.locator('#announce').textContent()).toContain('3 failed');
    expect(refused).toEqual([]);
  });

  test('keys, focus and open folds stay where they are', { timeout: SLOW }, async () => {
    await using opened = await listening('/dashboard/releases');
    const { page } = opened;
    const fold = page.locator('details[data-key^="rollback-"]').first();
    await fold.locator('summary').click();
    await fold.locator('select').first().focus();
    const [first, ...rest] = setup.adminService.releasesView.targets;
    if (first === undefined) throw new Error('no target');
    const progress = { state: 'fetching', version: '9999.0.0', received: 1, size: 4 } as const;
    setup.adminService.releasesView = {
      ...setup.adminService.releasesView,
      targets: [{ ...first, progress }, ...rest],
    };
    setup.adminService.tell('releases');
    await expect
      .poll(() => page.locator('.target:not([data-key^="rollout-"])').first().innerText(), { timeout: 30_000 })
      .toContain('9999.0.0');
    expect(await fold.getAttribute('open')).not.toBeNull();
    expect(await focused(page)).toBe('profile');
  });

  test('many events are one update a second', { timeout: SLOW }, async () => {
    await using opened = await listening('/dashboard/machines');
    const { page } = opened;
    let asked = 0;
    page.on('request', (request) => {
      if (request.headers()['x-fragment'] === '1') asked += 1;
    });
    const began = performance.now();
    let events = 0;
    while (asked < 3) {
      setup.adminService.change(keyOf('w5'), { address: `10.20.1.${(events += 1) % 250}` });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // One at once, and one a second after that; a busy machine makes fewer.
    expect(performance.now() - began).toBeGreaterThanOrEqual(1900);
    expect(events).toBeGreaterThan(2 * asked);
  });

  test('a broken stream is told', { timeout: SLOW }, async () => {
    const other = await openDashboard();
    await using opened = await open('/dashboard/profiles');
    const { page } = opened;
    await logIn(other);
    await page.goto(`${other.url}/dashboard/machines`);
    const told = page.locator('#link-state');
    expect(await told.isVisible()).toBe(false);
    await other[Symbol.asyncDispose]();
    await told.waitFor({ state: 'visible', timeout: 60_000 });
    expect(await told.innerText()).toContain('Offline, trying again');
  });
});

/** What axe calls serious or worse, one line each. */
async function findings(page: Page): Promise<readonly string[]> {
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

/** What a finger misses: less than 24 px high or wide (WCAG 2.2, 2.5.8). */
async function smallTargets(page: Page): Promise<readonly string[]> {
  return await page.evaluate<string[]>(`
    [...document.querySelectorAll('a, button, summary, select, textarea, input:not([type="hidden"])')]
      .filter((one) => one.checkVisibility() && !one.matches('.skip') && !one.closest('.hidden'))
      .map((one) => ({ one, box: (one.closest('label') ?? one).getBoundingClientRect() }))
      .filter(({ box }) => box.height < 24 || box.width < 24)
      .map(({ one, box }) => one.outerHTML.slice(0, 120) + ' ' + box.width + ' x ' + box.height)`);
}

async function focused(page: Page): Promise<string> {
  return String(await page.evaluate('document.activeElement.name || document.activeElement.innerText'));
}

async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if (name.test(await focused(page))) return;
  }
  expect.fail(`no Tab leads to ${String(name)}`);
}
