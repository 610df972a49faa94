import { expect, it } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import type { JsonObject, Profile } from '../../src/model/profile.ts';
import { namedShelves, shelvesOf, unreadableProfile } from '../../src/releases/in-use.ts';
import { nameOf } from '../support/house.ts';

const profile = (name: string, raw: JsonObject): Profile => buildProfile(nameOf(name), `profiles/${name}.json`, raw);

it.each<[JsonObject, readonly string[]]>([
  [{ version: '1298.6.0' }, ['amd64-usr/1298.6.0']],
  [{ system: 'flatcar', arch: 'arm64', version: '1.2.3' }, ['flatcar/arm64/1.2.3']],
  [{ system: 'debian', version: '20230607+deb12u15' }, ['debian/amd64/20230607+deb12u15']],
  [{ system: 'flatcar' }, []],
  [{ system: 'custom', kernel: 'k', initrd: ['http://x/y/z'] }, []],
  [
    { system: 'custom', kernel: 'a/b/k', initrd: ['a/b/i', 'c/d'], release: { version: '7', files: [] } },
    ['a/b', 'c', 'custom/x/7'],
  ],
])('%j boots from %j', (raw, shelves) => {
  expect(shelvesOf(profile('x', raw))).toEqual(shelves);
});

it('tells which profiles name a shelf', () => {
  const raw = { system: 'flatcar', version: '1.2.3' };
  const profiles = new Map(['a', 'b'].map((name) => [name, profile(name, raw)]));
  expect([...namedShelves({ profiles })]).toEqual([['flatcar/amd64/1.2.3', ['a', 'b']]]);
});

it('a broken profile is named; warnings and other files are none', () => {
  const problem = (severity: 'error' | 'warning', file: string) => ({ severity, message: '', place: { file } });
  expect(
    unreadableProfile({ problems: [problem('warning', 'profiles/a.json'), problem('error', 'configs/a.yml')] }),
  ).toBeUndefined();
  expect(unreadableProfile({ problems: [problem('error', 'profiles/a.json')] })).toBe('profiles/a.json');
});
