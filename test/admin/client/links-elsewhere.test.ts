import { expect, test } from 'vitest';
import { linksElsewhere } from '../../../src/admin/client/links-elsewhere.ts';
import type { LocalAddress } from '../../../src/net/addresses.ts';

const address = (of: string, internal = false): LocalAddress => ({
  interfaceName: 'x',
  address: of,
  family: of.includes(':') ? 6 : 4,
  internal,
  netmask: undefined,
});
const LOCAL = [address('127.0.0.1', true), address('10.0.0.1'), address('fe80::1%eth0'), address('192.168.1.5')];
const LINK = 'http://127.0.0.1:4777/dashboard/login?code=abc';

test('each address of this host that others can reach', () => {
  expect(linksElsewhere(LINK, LOCAL)).toEqual([
    'http://10.0.0.1:4777/dashboard/login?code=abc',
    'http://192.168.1.5:4777/dashboard/login?code=abc',
  ]);
  expect(linksElsewhere(LINK.replace('127.0.0.1', '[::1]'), LOCAL)).toHaveLength(2);
});

test('a link with a name or an address of its own is as good as it is', () => {
  expect(linksElsewhere('http://boot.lan/dashboard/login?code=abc', LOCAL)).toEqual([]);
  expect(linksElsewhere('http://10.0.0.1:4777/dashboard/login?code=abc', LOCAL)).toEqual([]);
});
