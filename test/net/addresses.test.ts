import { describe, expect, it } from 'vitest';
import { expandListen, localAddresses, type LocalAddress } from '../../src/net/addresses.ts';

const address = (text: string, family: 4 | 6): LocalAddress => ({
  interfaceName: 'eth0',
  address: text,
  family,
  internal: false,
  netmask: family === 4 ? '255.255.255.0' : undefined,
});
const HOST = [address('127.0.0.1', 4), address('10.0.0.5', 4), address('::1', 6), address('fe80::1%eth0', 6)];

describe('localAddresses', () => {
  it('finds the loopback address', () => {
    expect(localAddresses()).toContainEqual({
      interfaceName: 'lo',
      address: '127.0.0.1',
      family: 4,
      internal: true,
      netmask: '255.0.0.0',
    });
  });

  it('scopes what is only valid on one link', () => {
    for (const { address: text, interfaceName } of localAddresses()) {
      if (text.startsWith('fe80:')) expect(text).toContain(`%${interfaceName}`);
    }
  });
});

describe('expandListen', () => {
  it.each([
    ['0.0.0.0', ['127.0.0.1', '10.0.0.5']],
    ['::', ['127.0.0.1', '10.0.0.5', '::1', 'fe80::1%eth0']],
    ['10.0.0.5', ['10.0.0.5']],
    ['192.0.2.1', ['192.0.2.1']],
  ])('reads %s', (host, addresses) => {
    expect(expandListen(host, HOST)).toEqual(addresses);
  });
});
