import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingOf } from './needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'needs-'));
writeFileSync(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
writeFileSync(join(folder, 'text'), 'not a program\n', { mode: 0o644 });

test('what is there is not missing', () => {
  expect(missingOf({ commands: ['tool'], files: [join(folder, 'text')] }, folder)).toEqual([]);
  expect(missingOf({})).toEqual([]);
});

test('names every command and file that is missing', () => {
  expect(missingOf({ commands: ['tool', 'no-such-tool'], files: ['/nonexistent/rom'] }, folder)).toEqual([
    'no no-such-tool',
    'no /nonexistent/rom',
  ]);
});

test('a file that is no program is no command', () => {
  expect(missingOf({ commands: ['text'] }, folder)).toEqual(['no text']);
});

test('of alternatives one is enough', () => {
  expect(missingOf({ files: [['/nonexistent/a', join(folder, 'text')]] })).toEqual([]);
  expect(missingOf({ files: [['/nonexistent/a', '/nonexistent/b']] })).toEqual(['no /nonexistent/a or /nonexistent/b']);
});

test('reasons found elsewhere are kept', () => {
  expect(missingOf({ missing: ['no payload: apt has no kernel'] })).toEqual(['no payload: apt has no kernel']);
});
