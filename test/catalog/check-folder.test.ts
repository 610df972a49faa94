import { expect, test } from 'vitest';
import { checkFolder } from '../../src/catalog/check-folder.ts';
import { SILENT } from '../../src/domain/log.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeFolder } from '../support/folder.ts';
import { CONTENT, lines } from './data-folder.ts';

test('everything is read once, and everything wrong is told', async () => {
  const dir = makeFolder({
    'profiles/a.json': { cloud_config: 'a', sshkey: 'core' },
    'profiles/b.json': '{"cloud_confg": "b"}',
    'configs/a.yml': '#cloud-config\n',
  });
  const snapshot = await checkFolder({ files: await openDataRoot(dir), inspector: CONTENT, log: SILENT });
  expect([...snapshot.profiles.keys()]).toEqual(['a']);
  expect(lines(snapshot.problems)).toEqual([
    'profiles/a.json:3:13 sshkey: there is no key sshkeys/core.pub (put the public key in sshkeys/core.pub)',
    'profiles/b.json:1:2 cloud_confg: unknown key `cloud_confg` (did you mean `cloud_config`?)',
  ]);
});
