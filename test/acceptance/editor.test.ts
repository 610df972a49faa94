import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM, openBrowser, type Browser } from '../support/browser.ts';
import { openDashboard, type FakeDashboard } from '../support/fake-dashboard.ts';
import { needs } from '../support/needs.ts';

const SLOW = 120_000;

needs({ files: [CHROMIUM] }).describe('files in a browser', () => {
  let browser: Browser;
  let setup: FakeDashboard;
  beforeAll(async () => {
    browser = await openBrowser();
    setup = await openDashboard();
    await browser.context.addCookies([{ ...setup.cookie, httpOnly: true, sameSite: 'Strict' }]);
  }, SLOW);
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await setup[Symbol.asyncDispose]();
  }, SLOW);

  /** A page of an operator, and what the browser refused to do for it. */
  async function open(path: string, { scripts = true } = {}) {
    const page = await browser.context.newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) refused.push(message.text());
    });
    if (!scripts) {
      const session = await browser.context.newCDPSession(page);
      await session.send('Emulation.setScriptExecutionDisabled', { value: true });
    }
    await page.goto(`${setup.url}${path}`);
    return { page, refused, [Symbol.asyncDispose]: async () => page.close() };
  }

  test('a profile is edited, previewed and saved', { timeout: SLOW }, async () => {
    await using opened = await open('/dashboard/profiles/edge-canary/edit');
    const { page } = opened;
    await write(page, (text) => text.replace('beta', 'alpha'));
    await page.getByRole('button', { name: 'Preview' }).click();
    expect(await page.locator('.diff ins').innerText()).toContain('"alpha"');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/done=saved/);
    expect(setup.adminService.texts.get('edge-canary')).toContain('"channel": "alpha"');
  });

  test(
    'the editor has line numbers, and marks the place of an error while it is typed',
    { timeout: SLOW },
    async () => {
      await using opened = await open('/dashboard/profiles/edge-canary/edit');
      const { page, refused } = opened;
      expect(await page.locator('textarea').isVisible()).toBe(false);
      const lines = page.locator('.cm-lineNumbers .cm-gutterElement');
      await expect.poll(() => lines.allInnerTexts()).toContain('9');
      const judged = page.waitForResponse(/\/api\/v1\/files\/profiles\/edge-canary\/preview$/);
      await write(page, (text) => text.replace('"channel"', '"channel'));
      await judged;
      const mark = page.locator('.cm-lint-marker-error');
      await mark.waitFor();
      await mark.hover();
      await expect.poll(() => page.locator('.cm-diagnostic-error').innerText()).toContain('the file is not JSON');
      // The preview says the same, and leads to the line.
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.locator('.problem a').click();
      // The made-up server says line 2 of every text.
      await expect.poll(() => page.locator('.cm-activeLine').innerText()).toContain('"system"');
      expect(await page.evaluate('document.activeElement.shadowRoot.activeElement.className')).toContain('cm-content');
      expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0);
      await page.locator('.cm-lint-marker-error').waitFor();
      // Tab leaves it.
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.innerText')).toBe('Preview');
      expect(refused).toEqual([]);
    },
  );

  for (const scripts of [true, false]) {
    test(
      `a config is made, changed, removed and brought back ${scripts ? 'in the editor' : 'without scripts'}`,
      { timeout: SLOW },
      async () => {
        await using opened = await open('/dashboard/files', { scripts });
        const { page, refused } = opened;
        const fill = async (text: string) => {
          if (scripts) await write(page, () => text);
          else await page.locator('textarea').fill(text);
        };
        const held = () => setup.adminService.others.get('configs/flow.yml');
        await page.getByRole('link', { name: 'New config' }).click();
        await page.getByLabel('Name').fill('flow.yml');
        await fill('#cloud-config\nhostname: one\n');
        await page.getByRole('button', { name: 'Preview' }).click();
        await page.getByRole('button', { name: 'Save' }).click();
        await page.waitForURL(/configs\/flow\.yml\?done=created$/);
        expect(held()).toBe('#cloud-config\nhostname: one\n');
        await page.getByRole('link', { name: 'Edit', exact: true }).click();
        await fill('#cloud-config\nhostname: two\n');
        await page.getByRole('button', { name: 'Preview' }).click();
        expect(await page.locator('.diff ins').innerText()).toContain('hostname: two');
        // Another one saves meanwhile: both texts are there.
        setup.adminService.others.set('configs/flow.yml', '#cloud-config\nhostname: three\n');
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('The file was changed meanwhile').waitFor();
        await page.getByText('The file as it is now', { exact: true }).click();
        expect(await page.locator('.attention pre').innerText()).toContain('hostname: three');
        await page.getByRole('button', { name: 'Save' }).click();
        await page.waitForURL(/done=saved$/);
        expect(held()).toBe('#cloud-config\nhostname: two\n');
        await page.getByRole('link', { name: 'Remove...' }).click();
        await page.getByRole('button', { name: 'Remove flow.yml' }).click();
        await page.waitForURL(/files\?done=removed$/);
        expect(held()).toBeUndefined();
        await page.getByRole('link', { name: 'configs/flow.yml' }).click();
        await page.getByRole('button', { name: 'Restore this version' }).click();
        await page.waitForURL(/done=restored$/);
        expect(held()).toBe('#cloud-config\nhostname: two\n');
        setup.adminService.others.delete('configs/flow.yml');
        expect(refused).toEqual([]);
      },
    );
  }

  test('leaving an edited text asks first, and leaving an untouched one does not', { timeout: SLOW }, async () => {
    await using opened = await open('/dashboard/profiles/edge-canary/edit');
    const { page } = opened;
    let asked = 0;
    page.on('dialog', (dialog) => {
      asked += 1;
      dialog.accept().catch(() => undefined);
    });
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(/edge-canary$/);
    expect(asked).toBe(0);
    await page.goto(`${setup.url}/dashboard/profiles/edge-canary/edit`);
    await page.locator('.cm-content').press('End');
    await page.locator('.cm-content').pressSequentially(' ');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(/edge-canary$/);
    expect(asked, 'typed').toBe(1);
    await page.goto(`${setup.url}/dashboard/profiles/edge-canary/edit`);
    await write(page, (text) => text.replace('"channel": "', '"channel": "x'));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.waitForURL(/preview$/);
    expect(asked, 'sent').toBe(1);
    await page.locator('h1').click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(/edge-canary$/);
    expect(asked, 'previewed').toBe(2);
  });
});

/** Writes in the editor, as a person would who selects all and types. */
async function write(page: Page, change: (text: string) => string): Promise<void> {
  const field = page.locator('textarea');
  const text = change(await field.inputValue());
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
  expect(await field.inputValue()).toBe(text);
}
