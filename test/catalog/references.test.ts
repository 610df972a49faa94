import { expect, test } from 'vitest';
import { missingReferences } from '../../src/catalog/references.ts';
import { document, good, lines } from './data-folder.ts';

const NOTHING = { documents: new Map(), keys: new Map() };

function told(profile: object): readonly string[] {
  return lines(missingReferences(good(profile), NOTHING));
}

test('what is missing is an error that says which file to create', () => {
  expect(told({ cloud_config: 'a', ignition: 'w.ign', sshkey: 'core' })).toEqual([
    'profiles/p.json:2:19 cloud_config: there is no document configs/a.yml (create configs/a.yml or configs/a.yml.hbs)',
    'profiles/p.json:3:15 ignition: there is no document configs/w.ign (create configs/w.ign or configs/w.ign.hbs)',
    'profiles/p.json:4:13 sshkey: there is no key sshkeys/core.pub (put the public key in sshkeys/core.pub)',
  ]);
  expect(missingReferences(good({ sshkey: 'core' }), NOTHING)).toMatchObject([{ severity: 'error' }]);
});

test('a file that is there and broken is not said to be missing: it has an error of its own', () => {
  const broken = new Set(['configs/a.yml.hbs', 'sshkeys/core.pub']);
  expect(missingReferences(good({ cloud_config: 'a', sshkey: 'core' }), NOTHING, broken)).toEqual([]);
});

test('who wrote an ending is not told to add another', () => {
  expect(told({ cloud_config: 'a.yml' })[0]).toContain('create configs/a.yml or configs/a.yml.hbs');
  expect(told({ ignition: 'w.ign.hbs' })[0]).toContain('create configs/w.ign or configs/w.ign.hbs');
});

test('what is there is not spoken of', () => {
  const around = {
    documents: new Map([['a.yml.hbs', document('a.yml.hbs')]]),
    keys: new Map([['core', { name: 'core', file: 'sshkeys/core.pub', text: 'ssh-rsa A' }]]),
  };
  expect(missingReferences(good({ cloud_config: 'a', sshkey: 'core' }), around)).toEqual([]);
});
