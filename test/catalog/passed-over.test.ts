import { expect, test } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { catalogOf, lines } from './data-folder.ts';

test('files that were probably meant to be read are said', async () => {
  const catalog = await catalogOf(
    makeFolder({
      'profiles/a.json': {},
      'profiles/README.md': 'x',
      'profiles/.b.yaml': 'x',
      'profiles/B.JSON': '{}',
      'profiles/c.yaml': 'x',
      'profiles/lab/d.yml': 'x',
      'configs/e.YAML': 'x',
      'sshkeys/README.md': 'x',
      'sshkeys/k.PUB': 'x',
    }),
  );
  await catalog.refresh();
  expect(lines(catalog.current().problems)).toEqual([
    'profiles/B.JSON: is not read: only names that end in .json are (rename it to end in .json)',
    'profiles/c.yaml: is not read: only names that end in .json are (rename it to end in .json)',
    'profiles/lab/d.yml: is not read: only names that end in .json are (rename it to end in .json)',
    'sshkeys/k.PUB: is not read: only names that end in .pub are (rename it to end in .pub)',
  ]);
});
