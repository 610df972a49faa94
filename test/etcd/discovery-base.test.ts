import { describe, expect, it } from 'vitest';
import { discoveryBase } from '../../src/etcd/discovery-base.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import { originOf } from '../support/house.ts';

const address = (text: string, internal = false): LocalAddress => ({
  ...{ interfaceName: 'eth0', address: text, family: text.includes(':') ? 6 : 4, internal, netmask: undefined },
});
const LO = address('127.0.0.1', true);
const ONE = [LO, address('192.168.122.1'), address('fe80::1%eth0')];
const any = { baseUrl: undefined, http: { host: '0.0.0.0', port: 4777 } };

describe('what discovery URLs begin with', () => {
  it('is the base URL, when there is one', () => {
    expect(discoveryBase({ ...any, baseUrl: originOf('pxe.lan') }, 4777, [])).toBe('http://pxe.lan');
  });

  it('is where the server listens, or the one address of the host, with the port that it has', () => {
    expect(discoveryBase({ ...any, http: { host: '10.0.0.1', port: 0 } }, 8080, [])).toBe('http://10.0.0.1:8080');
    expect(discoveryBase({ ...any, http: { host: 'fd00::1', port: 0 } }, 80, [])).toBe('http://[fd00::1]:80');
    expect(discoveryBase(any, 4777, ONE)).toBe('http://192.168.122.1:4777');
    expect(discoveryBase({ ...any, http: { host: '::', port: 0 } }, 4777, ONE)).toBe('http://192.168.122.1:4777');
  });

  it('is unknown where it could be one or another, or none', () => {
    const several = (): unknown => discoveryBase(any, 4777, [...ONE, address('10.0.0.1')]);
    expect(several).toThrow('several addresses (192.168.122.1, 10.0.0.1)');
    expect(several).toThrow(
      expect.objectContaining({
        code: 'unavailable',
        remedy: expect.stringContaining('PILOTLIGHT_BASE_URL') as string,
      }),
    );
    expect(() => discoveryBase(any, 4777, [LO])).toThrow('this host has no address');
  });
});
