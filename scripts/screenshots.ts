// Makes a picture of every page of the dashboard, light, dark and as wide as a phone, over made-up machines:
//   npx tsx scripts/screenshots.ts [FOLDER] [NAME ...]      (docs/screenshots, all pages)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../test/support/browser.ts';
import { openDashboard, sampleVisits, visit } from '../test/support/fake-dashboard.ts';
import { palettePng } from './palette-png.ts';

const [folder = fileURLToPath(new URL('../docs/screenshots', import.meta.url)), ...names] = process.argv.slice(2);
const LOOKS = [
  { look: 'light', width: 1240, scheme: 'light' },
  { look: 'dark', width: 1240, scheme: 'dark' },
  { look: 'phone', width: 360, scheme: 'light' },
] as const;

mkdirSync(folder, { recursive: true });
await using browser = await openBrowser();
await using full = await openDashboard();
await using empty = await openDashboard({ empty: true });
const pages = [
  ...sampleVisits(full.adminService).map((sample) => ({ sample, appContext: full })),
  { sample: { name: 'empty', path: '/dashboard/machines' }, appContext: empty },
].filter(({ sample: { name } }) => names.length === 0 || names.includes(name));

let total = 0;
for (const { look, width, scheme } of LOOKS) {
  const page = await browser.context.newPage();
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  for (const { sample, appContext } of pages) {
    await page.setViewportSize({ width, height: 800 });
    await visit(page, appContext, sample);
    // The editor numbers its lines rightly when it is in view.
    const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
    await page.setViewportSize({ width, height });
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const png = palettePng(await page.screenshot({ fullPage: true }));
    writeFileSync(join(folder, `${sample.name}-${look}.png`), png);
    total += png.length;
  }
  await page.close();
}
console.log(`${pages.length * LOOKS.length} pictures, ${Math.round(total / 1024)} KiB, in ${folder}`);
