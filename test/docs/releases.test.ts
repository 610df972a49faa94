import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProfileCheck } from '../../src/catalog/profile-schema.ts';
import type { Json } from '../../src/model/profile.ts';

const top = join(import.meta.dirname, '..', '..');
const PAGE = readFileSync(join(top, 'docs/releases.md'), 'utf8');

/** Everything that we may say, as it stands in the code. */
const SOURCES = ['src/releases', 'src/os', 'src/files', 'src/catalog']
  .flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true }).map((file) => join(top, folder, String(file))),
  )
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

const ROWS = (PAGE.split('## Bad days')[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.includes('what you see'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/releases.md', () => {
  it('has a table of bad days', () => {
    expect(ROWS.length).toBeGreaterThan(25);
  });

  // Words of a message are at least three; shorter ones are names of files and headers.
  it.each(
    ROWS.flatMap(([, , seen = '']) => [...seen.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)).filter(
      (text) => text.split(' ').length > 1 && !text.startsWith('pilotlight '),
    ),
  )('what is quoted is what is said: %s', (text) => {
    expect(SOURCES).toContain(text);
  });

  it('its profile is one', () => {
    const [, json = ''] = /```json\n([^`]*)```/.exec(PAGE) ?? [];
    expect(createProfileCheck()(JSON.parse(json) as Json)).toEqual([]);
  });
});
