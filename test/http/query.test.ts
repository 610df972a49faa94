import { expect, test } from 'vitest';
import { parseQuery, strictValue, unknownKeys } from '../../src/http/query.ts';

test('keeps known keys, encoded, and forgets the others', () => {
  expect([...parseQuery('mac=52%3A54&serial=a=b&domain=x&profile&__proto__=1&')]).toEqual([
    ['mac', '52%3A54'],
    ['serial', 'a=b'],
    ['profile', ''],
  ]);
});

test('an encoded key is the same key', () => {
  expect(parseQuery('m%61c=1').get('mac')).toBe('1');
});

test.each(['mac=1&mac=2', 'mac=1&m%61c=1', 'serial=&serial=', 'profile=a&profile=b', 'name=a&name=a'])(
  'a known key twice: %s',
  (text) => {
    expect(() => parseQuery(text)).toThrow(/is given more than once/);
  },
);

test('an unknown key twice is nobody’s business', () => {
  expect(parseQuery('x=1&x=2').size).toBe(0);
});

test.each(['profile[x]=1', '__proto__[x]=1', 'constructor[prototype][x]=1', 'a%5Bb%5D=1', 'mac]=1', 'mac[=1'])(
  'brackets: %s',
  (text) => {
    expect(() => parseQuery(text)).toThrow(/has brackets/);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  },
);

test('32 keys are enough', () => {
  const keys = (count: number): string => Array.from({ length: count }, (_, i) => `k${String(i)}=1`).join('&');
  expect(parseQuery(keys(32)).size).toBe(0);
  expect(() => parseQuery(keys(33))).toThrow(/more than 32 keys/);
  expect(() => parseQuery(keys(1900))).toThrow(/more than 32 keys/);
});

test('a strict value is well encoded or refused by its key', () => {
  expect(strictValue(parseQuery('mac=a%3ab'), 'mac')).toBe('a:b');
  expect(strictValue(parseQuery(''), 'mac')).toBe('');
  expect(() => strictValue(parseQuery('uuid=%E0%A4%A'), 'uuid')).toThrow('uuid: "%E0%A4%A" is not well encoded');
});

test('keys with a value that no rule knows are labels; what iPXE always sends is not', () => {
  expect(unknownKeys('mac=52-54&os=installed&domain=lan&region=&rack&=x&o%73=2&profile=a')).toEqual(['os', 'os']);
  expect(unknownKeys('')).toEqual([]);
});
