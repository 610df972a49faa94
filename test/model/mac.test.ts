import { describe, expect, it } from 'vitest';
import { macHyphens, parseMac, parseSentMac } from '../../src/model/machine.ts';

describe('parseMac', () => {
  it.each(['52:54:00:55:1c:ee', '52-54-00-55-1C-EE', '525400551cee', '5254.0055.1CEE'])('reads %s', (text) => {
    expect(parseMac(text)).toBe('52:54:00:55:1c:ee');
  });
  it.each([
    '',
    '52:54:00:55:1c',
    '52:54:00:55:1c:ee:00',
    '52:54:00:55:1c:eg',
    '52:54-00:55:1c:ee',
    '52:54:00:55:1c:ee\n',
    'a'.repeat(28),
    ' 525400551cee',
  ])('refuses %j', (text) => {
    expect(parseMac(text)).toBeUndefined();
  });
  it('writes hyphens', () => {
    const mac = parseMac('525400551cee');
    expect(mac && macHyphens(mac)).toBe('52-54-00-55-1c-ee');
  });
});

describe('case 14-bootif-mac: a MAC as programs send it', () => {
  it.each(['01-52-54-00-bb-00-11', '01:52:54:00:BB:00:11', '52-54-00-bb-00-11', '525400bb0011'])('reads %s', (text) => {
    expect(parseSentMac(text)).toBe('52:54:00:bb:00:11');
  });
  it('leaves six pairs that begin with 01 as they are', () => {
    expect(parseSentMac('01-52-54-00-bb-00')).toBe('01:52:54:00:bb:00');
  });
  it.each([
    '01-',
    '01-garbage',
    '01-52-54-00-bb-00-1g',
    '01-52:54:00:bb:00:11',
    '01:52-54-00-bb-00-11',
    '01-01-52-54-00-bb-00-11',
    '02-52-54-00-bb-00-11',
    '20-52-54-00-bb-00-11',
    '01525400bb0011',
    '01-5254.00bb.0011',
    '01-52-54-00-bb-00-11\n',
    ' 01-52-54-00-bb-00-11',
  ])('refuses %j', (text) => {
    expect(parseSentMac(text)).toBeUndefined();
  });
  it('is nothing for a profile: what an operator writes has one meaning', () => {
    expect(parseMac('01-52-54-00-bb-00-11')).toBeUndefined();
  });
});
