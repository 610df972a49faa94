import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readViews } from '../../../src/admin/web/views.ts';

const folder = new URL('../../../src/admin/web/views/', import.meta.url);
const sources = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);
const draw = readViews();

test('every value is escaped', () => {
  expect(draw('time', { iso: '"', exact: "<b>'", relative: '&' })).toBe(
    '<time datetime="&quot;" title="&lt;b&gt;&#x27;" data-relative>&amp;</time>',
  );
});

test('a value that nobody gave is an error', () => {
  expect(() => draw('time', { iso: 'x', exact: 'y' })).toThrow(/relative/);
});

test('a view that is not there is an error', () => {
  expect(() => draw('nothing', {})).toThrow('there is no view nothing');
});

test.each(sources)('%s has no inline style, no inline script and no foreign address', (_name, source) => {
  expect(source).not.toMatch(/\sstyle=|<style|\son[a-z]+=|javascript:|https?:\/\//);
  expect([...source.matchAll(/<script\b[^>]*>(.*?)<\/script>/gs)].map((match) => match[1])).toEqual(
    source.includes('<script') ? [''] : [],
  );
});

test('only finished markup of our own goes in unescaped', () => {
  const raw = sources.flatMap(([name, source]) =>
    [...source.matchAll(/\{\{\{\s*(\w+)\s*\}\}\}|\{\{&/g)].map((match) => `${name}:${match[1] ?? '&'}`),
  );
  expect(raw.toSorted()).toEqual(['layout.hbs:live', 'live.hbs:body']);
});
