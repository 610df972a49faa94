import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keysThatEnd } from '../../src/releases/keys.ts';
import { armor, at, makeKey } from '../support/openpgp-keys.ts';
import { certificate, makeVendor } from '../support/openpgp-vendor.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';

const DAY = 86_400;
// As all vendors of the tests: its subkey signs from 2024-01-01 for 365 days.
const vendor = makeVendor();
const END = at('2024-01-01') + 365 * DAY;
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.remove());

const told = async (now: number, keyFile?: string): Promise<readonly string[]> => {
  const ports = keyFile === undefined ? bench.ports : { ...bench.ports, keyFile: () => keyFile };
  const found = await keysThatEnd('flatcar', [vendor.primary.fingerprint], ports, now * 1000);
  return found.map(({ message, remedy }) => `${message}: ${remedy}`);
};

it('says from 60 days before that a key ends, by its signing subkey', async () => {
  expect(await told(END)).toEqual([]);
  await bench.trust('flatcar', vendor);
  expect(await told(END - 61 * DAY)).toEqual([]);
  expect(await told(END - 60 * DAY)).toEqual([
    `the key ${vendor.primary.fingerprint} of flatcar signs until 2024-12-31 and no longer: a copy of your own is not renewed: put a newer one in the place of state/keys/flatcar.asc`,
  ]);
  expect(await told(END)).toHaveLength(1);
  expect(await told(END + DAY)).toEqual([]);
});

it('a copy from the publisher is renewed by itself, and of two copies the one with the longer life counts', async () => {
  await bench.trust('flatcar', vendor);
  const keys = join(bench.dir, 'state/keys');
  await writeFile(join(keys, 'flatcar-0a0b0c0d.asc'), vendor.publicKey);
  await writeFile(join(keys, 'flatcar.asc'), makeVendor().publicKey);
  expect(await told(END - DAY)).toEqual([expect.stringContaining('by itself')]);
  const next = makeKey('ed25519', at('2024-12-01'));
  const longer = certificate({
    primary: vendor.primary,
    subkeys: [
      { key: vendor.signing, expiresAfter: 365 * DAY },
      { key: next, expiresAfter: 365 * DAY },
    ],
  });
  await writeFile(join(keys, 'flatcar-1a1b1c1d.asc'), armor('PUBLIC KEY BLOCK', longer));
  expect(await told(END - DAY)).toEqual([]);
});

it('a subkey that was revoked gives no longer life, and where there is none the primary key counts', async () => {
  const file = join(bench.dir, 'own.asc');
  const revoked = certificate({
    primary: vendor.primary,
    subkeys: [
      { key: vendor.signing, expiresAfter: 365 * DAY },
      { key: makeKey('ed25519', at('2024-12-01')), expiresAfter: 365 * DAY, revoked: true },
    ],
  });
  await writeFile(file, armor('PUBLIC KEY BLOCK', revoked));
  expect(await told(END - DAY, file)).toHaveLength(1);
});

it('knows the file that the operator names, and a key without an end', async () => {
  const file = join(bench.dir, 'own.asc');
  await writeFile(file, vendor.publicKey);
  expect(await told(END - DAY, file)).toEqual([expect.stringContaining('the key file of flatcar')]);
  const endless = certificate({ primary: vendor.primary });
  await writeFile(file, armor('PUBLIC KEY BLOCK', endless));
  expect(await told(END - DAY, file)).toEqual([]);
});
