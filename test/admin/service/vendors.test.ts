import { describe, expect, test } from 'vitest';
import { createVendors } from '../../../src/admin/service/vendors.ts';
import { parseMac, type Mac } from '../../../src/model/machine.ts';

function mac(text: string): Mac {
  const parsed = parseMac(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

test.each([
  ['00:1b:21:12:34:56', 'Intel Corporate'],
  ['00:00:00:00:00:01', 'XEROX CORPORATION'],
  ['00:01:30:00:00:01', 'Extreme Networks, Inc.'],
  // What a hypervisor made up, a group's address, a block that many share, one that none may know, one that is free.
  ['52:54:00:00:00:01', undefined],
  ['01:00:5e:00:00:01', undefined],
  ['00:50:c2:00:00:01', undefined],
  ['00:01:01:00:00:01', undefined],
  ['fc:ff:ff:00:00:01', undefined],
])('the IEEE says of %s: %s', async (address, vendor) => {
  expect(await createVendors()(mac(address))).toBe(vendor);
});

describe('the table', () => {
  const text = '{\n "001B21": "A \\"B\\" \\u017d\\nStreet",\n "001B2200": "block",\n "001B23": "C"\n}\n';

  test('is read once, and only when somebody asks for an address that may be in it', async () => {
    let reads = 0;
    const vendorOf = createVendors({
      read: (path) => {
        reads += 1;
        expect(path).toMatch(/oui-data.index\.json$/);
        return Promise.resolve(text);
      },
    });
    expect(await vendorOf(mac('52:54:00:00:00:01'))).toBeUndefined();
    expect(reads).toBe(0);
    const asked = ['00:1b:21:00:00:01', '00:1b:22:00:00:01', '00:1b:23:00:00:01'].map((one) => vendorOf(mac(one)));
    expect(await Promise.all(asked)).toEqual(['A "B" \u017d', undefined, 'C']);
    expect(reads).toBe(1);
  });

  test('that is not there names nobody', async () => {
    const vendorOf = createVendors({ read: () => Promise.resolve(undefined) });
    expect(await vendorOf(mac('00:1b:21:00:00:01'))).toBeUndefined();
  });
});

test('others get their turn while the table is read', async () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, i) => ` "${i.toString(16).toUpperCase().padStart(6, '0')}": "Maker ${i}",`,
  );
  let turns = 0;
  let done = false;
  const turn = (): void => {
    turns += 1;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  const vendorOf = createVendors({ read: () => Promise.resolve(lines.join('\n')) });
  expect(await vendorOf(mac('00:1b:20:00:00:01'))).toBe('Maker 6944');
  done = true;
  // Parsed as one piece of JSON the real table stops everything for a third of a second.
  expect(turns).toBeGreaterThan(5);
});
