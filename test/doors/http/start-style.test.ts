import { expect, test } from 'vitest';
import { START_STYLE } from '../../../src/doors/http/start-style.ts';

test('fetches nothing, ends nothing, and knows light and dark', () => {
  expect(START_STYLE).not.toMatch(/url\(|@import|<|expression/i);
  expect(START_STYLE).toContain('color-scheme: light dark');
  expect(START_STYLE).toContain('@media (prefers-color-scheme: dark)');
});

test('every colour has a value in both', () => {
  const used = new Set([...START_STYLE.matchAll(/var\((--\w+)\)/g)].map((match) => match[1]));
  const [light = '', dark = ''] = START_STYLE.split('@media');
  for (const name of used) {
    expect(light, name).toContain(`${name ?? ''}:`);
    expect(dark, name).toContain(`${name ?? ''}:`);
  }
});
