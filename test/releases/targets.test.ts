import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkTarget, guardedLookup, hostAndPort, isPrivateAddress, shownUrl } from '../../src/releases/targets.ts';

const none: ReadonlySet<string> = new Set();

describe('isPrivateAddress', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'nonsense',
    '',
  ])('%j', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });
  it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1', '::ffff:1.1.1.1'])(
    'not %s',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('the edges of what is private', () => {
  it.each([
    ['0.0.0.0', '0.255.255.255', undefined, '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
    ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
    ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
    ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
    ['224.0.0.0', '255.255.255.255', '223.255.255.255', undefined],
    ['::', '::1', undefined, '::2'],
    ['64:ff9b::', '64:ff9b::ffff:ffff', '64:ff9a:ffff::', '64:ff9b::1:0:0'],
    ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', '64:ff9b:0:1::', '64:ff9b:2::'],
    ['2002::', '2002:ffff::', '2001:ffff::', '2003::'],
    ['fc00::', 'fdff::', 'fbff::', 'fe00::'],
    ['fe80::', 'febf::', 'fe7f::', 'fec0::'],
    ['ff00::', 'ffff::', 'feff::', undefined],
  ])('from %s to %s, not %s and not %s', (first, last, before, after) => {
    const outside = [before, after].filter((address) => address !== undefined);
    expect([first, last].map(isPrivateAddress)).toEqual([true, true]);
    expect(outside.filter(isPrivateAddress)).toEqual([]);
  });
});

describe('checkTarget', () => {
  it.each([
    ['file:///etc/passwd', 'neither http nor https'],
    ['ftp://example.org/', 'neither http nor https'],
    ['http://a:b@example.org/', 'password'],
    ['http://127.1/', 'private network'],
    ['http://0x7f.1/', 'private network'],
    ['http://[::1]/', 'private network'],
    ['nonsense', 'an address that is none'],
  ])('refuses %s', (text, message) => {
    expect(() => checkTarget(text, undefined, none)).toThrow(message);
  });
  it('lets the operator’s own hosts be anywhere, by host and port', () => {
    const own = new Set(['127.0.0.1:8080']);
    expect(checkTarget('http://127.0.0.1:8080/x', undefined, own).pathname).toBe('/x');
    expect(() => checkTarget('http://127.0.0.1:8081/x', undefined, own)).toThrow('private network');
  });
  it('reads relative addresses', () => {
    expect(checkTarget('../b', new URL('https://example.org/x/a'), none).href).toBe('https://example.org/b');
  });
});

describe('guardedLookup', () => {
  const answering =
    (addresses: Parameters<Parameters<LookupFunction>[2]>[1]): LookupFunction =>
    (_name, _options, callback) => {
      callback(null, addresses, 4);
    };
  const ask = (lookup: LookupFunction): Promise<Error | null> =>
    new Promise((resolve) => {
      lookup('name', {}, (error) => {
        resolve(error);
      });
    });
  const url = new URL('http://rebind.example/');
  it('refuses a public name with a private address among its addresses', async () => {
    expect(await ask(guardedLookup(answering('10.0.0.1'), url, none))).toMatchObject({ code: 'refused' });
    const several = answering([
      { address: '1.1.1.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]);
    expect(await ask(guardedLookup(several, url, none))).toMatchObject({ code: 'refused' });
  });
  it('lets public addresses and configured hosts pass', async () => {
    expect(await ask(guardedLookup(answering('1.1.1.1'), url, none))).toBeNull();
    expect(await ask(guardedLookup(answering('10.0.0.1'), url, new Set(['rebind.example:80'])))).toBeNull();
  });
});

it('names hosts with their ports, and shows no query', () => {
  expect(hostAndPort(new URL('https://a/'))).toBe('a:443');
  expect(hostAndPort(new URL('http://a:81/'))).toBe('a:81');
  expect(shownUrl(new URL(`http://a/${'x'.repeat(300)}?secret`))).toHaveLength(200);
  expect(shownUrl(new URL('http://a/b?secret#c'))).toBe('http://a/b');
});
