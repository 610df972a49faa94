import { expect, test } from 'vitest';
import { originFromHost, type Origin } from '../../../src/domain/origin.ts';
import { startPage, type Overview } from '../../../src/doors/http/start-page.ts';
import { expectGolden } from '../../support/golden.ts';

const ORIGIN = originFromHost('192.168.122.1:4777') as Origin;
const EMPTY: Overview = { version: '1.2.3', profiles: [], problems: [] };
const bodyOf = (page: string): string => page.slice(page.indexOf('<body>'));

test('a folder with profiles and problems', () => {
  const page = startPage(
    {
      version: '1.2.3',
      profiles: [
        { name: 'a-coreos', system: 'Flatcar Container Linux', version: '4593.2.5', nodes: 1, default: false },
        { name: 'b', system: 'Debian', version: '', nodes: 0, default: false },
        { name: 'rest', system: 'Talos', version: 'v1', nodes: 3, default: true },
        { name: 'z+', system: 'Ubuntu', version: 'x', nodes: 0, default: true },
      ],
      problems: [
        {
          severity: 'error',
          message: 'unknown key "cloud_confg"',
          place: { file: 'profiles/b.json', line: 3, column: 5 },
          remedy: 'did you mean "cloud_config"?',
        },
        { severity: 'warning', message: 'no version', place: { file: 'profiles/b.json' } },
      ],
    },
    ORIGIN,
  );
  expectGolden('doors/http/start-page.html', page);
});

test('an empty folder says what to write', () => {
  const page = bodyOf(startPage(EMPTY, ORIGIN));
  expect(page).toContain('There are none yet: write <code>profiles/NAME.json</code>');
  expect(page).not.toContain('Needs attention');
  expect(page).not.toContain('Mend the files');
});

test('nothing in it is markup by accident', () => {
  const tags = (text: string): readonly string[] | null => {
    const page = startPage(
      {
        version: text,
        profiles: [{ name: text, system: text, version: text, nodes: 1, default: false }],
        problems: [{ severity: 'error', message: text, place: { file: text, key: text }, remedy: text }],
      },
      ORIGIN,
    );
    return bodyOf(page).match(/<[a-z]+|\s\w+=|["']/g);
  };
  expect(tags('"><script>alert(1)</script>\'&<b')).toEqual(tags('plain'));
});
