import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const top = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
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
