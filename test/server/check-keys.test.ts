import { expect, test } from 'vitest';
import { checkData } from '../../src/doctor/check.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { armor, at, makeKey } from '../support/openpgp-keys.ts';
import { certificate } from '../support/openpgp-vendor.ts';
import { problemLine } from '../../src/model/failure.ts';

const primary = makeKey();
const signing = makeKey('ed25519', at('2026-01-01'));
const FLATCAR = { system: 'flatcar', version: '4593.2.5', update: 'auto' };

/** What check says of keys, when the subkey ends so many days from now. */
async function said(profile: object, days: number, mirrors = {}): Promise<readonly string[]> {
  const expiresAfter = Math.floor(Date.now() / 1000) + days * 86_400 + 3600 - signing.created;
  const block = certificate({ primary, subkeys: [{ key: signing, expiresAfter }] });
  const dir = makeFolder({
    'profiles/a.json': profile,
    'state/keys/flatcar.asc': armor('PUBLIC KEY BLOCK', block),
  });
  const settings = settingsFor(dir);
  const sync = { ...settings.sync, mirrors, trust: { flatcar: [primary.fingerprint] } };
  const { problems } = await checkData({ ...settings, sync });
  return problems.filter(({ place }) => place.file.startsWith('state/')).map(problemLine);
}

test('a key that ends within 60 days is a warning, for who follows its publisher', async () => {
  expect(await said(FLATCAR, 30)).toEqual([
    expect.stringMatching(
      /^state\/keys: the key [0-9A-F]{40} of flatcar signs until 20.* \(.*state\/keys\/flatcar.asc\)$/,
    ),
  ]);
  expect(await said(FLATCAR, 90)).toEqual([]);
  expect(await said({ ...FLATCAR, update: 'manual' }, 30)).toEqual([]);
});

test('a mirror of CoreOS needs a key that no server offers any more', async () => {
  const coreos = { system: 'coreos', version: '1298.6.0', update: 'auto' };
  expect(await said(coreos, 30, { coreos: 'http://mirror.lan/coreos' })).toEqual([
    'state/keys/coreos.asc: is needed for the mirror of CoreOS, and missing (put the key with the fingerprint 04127D0BFABEC8871FFB2CCE50E0885593D2DCB4 there; the server that offered it is gone)',
  ]);
  expect(await said(coreos, 30)).toEqual([]);
});
