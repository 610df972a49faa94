import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { readAssets } from '../../../src/admin/web/assets.ts';
import { relativeText } from '../../../src/admin/web/format.ts';

const assets = readAssets();

test('there is a style, a script and a mark, each under the digest of its bytes', () => {
  expect([...assets.keys()].toSorted()).toEqual(['dashboard.css', 'dashboard.js', 'pilotlight.svg']);
  for (const { name, href, digest, body } of assets.values()) {
    expect(href).toBe(`/dashboard/assets/${name}?v=${digest}`);
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(body.length).toBeGreaterThan(100);
  }
});

test('nothing in them comes from elsewhere or needs what the policy forbids', () => {
  const style = assets.get('dashboard.css')?.body.toString() ?? '';
  expect(style).not.toMatch(/url\(|@import|http/);
  const script = assets.get('dashboard.js')?.body.toString() ?? '';
  expect(script).not.toMatch(/innerHTML|insertAdjacent|document\.write|eval|new Function|https?:/);
});

test('the script stays small enough to read', () => {
  const url = new URL('../../../src/admin/web/assets/dashboard.js', import.meta.url);
  expect(readFileSync(url, 'utf8').split('\n').length).toBeLessThan(250);
});

test('the script ticks in the words of the server', () => {
  const script = assets.get('dashboard.js')?.body.toString() ?? '';
  const source = /function relativeText[\s\S]*?\n}\n/.exec(script)?.[0] ?? '';
  const times = [0, 4999, 5000, 59_999, 60_000, 3_599_999, 3_600_000, 172_799_999, 172_800_000, 1e11];
  for (const ms of times.flatMap((time) => [time, -time])) {
    expect(runInNewContext(`${source}; relativeText(${String(ms)})`)).toBe(relativeText(ms));
  }
});
