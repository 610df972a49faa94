// Makes a picture of every page of the dashboard, light, dark and as wide as a phone, over made-up machines:
//   npx tsx scripts/screenshots.ts [FOLDER] [NAME ...]      (docs/screenshots, all pages)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../test/support/browser.ts';
import { openDashboard, samplePages, type FakeDashboard } from '../test/support/fake-dashboard.ts';
import { palettePng } from './palette-png.ts';

const [folder = fileURLToPath(new URL('../docs/screenshots', import.meta.url)), ...names] = process.argv.slice(2);
const LOOKS = [
  { look: 'light', width: 1240, height: 1500, scheme: 'light' },
  { look: 'dark', width: 1240, height: 1500, scheme: 'dark' },
  { look: 'phone', width: 360, height: 1500, scheme: 'light' },
] as const;

mkdirSync(folder, { recursive: true });
await using browser = await openBrowser();
await using full = await openDashboard();
await using empty = await openDashboard({ empty: true });
const pages = [
  ...samplePages(full.adminService).map(({ name, path }) => ({ name, path, appContext: full })),
  { name: 'empty', path: '/dashboard/machines', appContext: empty },
].filter(({ name }) => names.length === 0 || names.includes(name));
for (const appContext of [full, empty]) await logIn(appContext);

let total = 0;
for (const { look, width, height, scheme } of LOOKS) {
  const page = await browser.context.newPage();
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 800 });
  for (const { name, path, appContext } of pages) {
    await logIn(appContext);
    await page.goto(`${appContext.url}${path}`);
    const whole = await page.evaluate('document.documentElement.scrollHeight');
    const clip = { x: 0, y: 0, width, height: Math.min(height, Number(whole)) };
    const png = palettePng(await page.screenshot({ fullPage: true, clip }));
    writeFileSync(join(folder, `${name}-${look}.png`), png);
    total += png.length;
  }
  await page.close();
}
console.log(`${pages.length * LOOKS.length} pictures, ${Math.round(total / 1024)} KiB, in ${folder}`);

// Cookies know no ports: each house has its own key, so its cookie is set anew.
async function logIn({ cookie }: FakeDashboard): Promise<void> {
  await browser.context.addCookies([{ ...cookie, httpOnly: true, sameSite: 'Strict' }]);
}
