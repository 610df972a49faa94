import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const top = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'profiles', 'configs', 'images', 'sshkeys'].flatMap((folder) =>
    readdirSync(join(top, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

it.each(pages)('%s links to nothing that is not there', (page) => {
  const text = readFileSync(join(top, page), 'utf8');
  const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
  const missing = targets.filter((target) => !existsSync(join(top, dirname(page), target)));
  expect(missing).toEqual([]);
});

it('README answers what a newcomer asks first, with files that exist', () => {
  const text = readFileSync(join(top, 'README.md'), 'utf8');
  const rows = text
    .slice(text.indexOf('## For contributors'))
    .split('\n')
    .filter((line) => line.startsWith('| '));
  for (const question of ['MAC become a script', 'add an operating system', 'is a page', 'run one test']) {
    const row = rows.find((line) => line.includes(question)) ?? '';
    const paths = [...row.matchAll(/(?:src|test)\/[\w./-]+/g)].map(([path]) => path);
    expect(paths.length, question).toBeGreaterThan(0);
    expect(paths.filter((path) => !existsSync(join(top, path)))).toEqual([]);
  }
});

it.each(['README.md', 'CONTRIBUTING.md'])('%s names files that exist', (page) => {
  const text = readFileSync(join(top, page), 'utf8');
  const paths = [...text.matchAll(/\b(?:src|test|scripts|docs)\/[\w./-]+/g)].map(([path]) => path.replace(/\.$/, ''));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !path.includes('NAME') && !existsSync(join(top, path)))).toEqual([]);
});
