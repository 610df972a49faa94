import { describe, expect, it } from 'vitest';
import { parseBaseUrl, parseFolder, parseListen, parseOneOf, parseSize } from '../../src/settings/parsers.ts';

describe('parseListen', () => {
  it.each([
    ['0.0.0.0:4777', '0.0.0.0', 4777],
    [':80', '0.0.0.0', 80],
    ['[::1]:0', '::1', 0],
    ['boot.lan:1', 'boot.lan', 1],
  ])('%s', (text, host, port) => {
    expect(parseListen(text)).toEqual({ ok: true, value: { host, port } });
  });
  it.each(['', '80', 'a:b', 'a:65536', '::1:80', 'a b:80', 'a:80\n'])('refuses %j', (text) => {
    expect(parseListen(text).ok).toBe(false);
  });
});

describe('parseSize', () => {
  it.each([
    ['256MiB', 2 ** 28],
    ['64M', 2 ** 26],
    ['1 GiB', 2 ** 30],
    ['33554432', 2 ** 25],
    ['16384k', 2 ** 24],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });
  it.each(['', '-1', '1.5GiB', '15MiB', '9TiB', '999999999999GiB'])('refuses %j', (text) => {
    expect(parseSize(text).ok).toBe(false);
  });
});

it('folders are absolute', () => {
  expect(parseFolder('/srv')('data')).toEqual({ ok: true, value: '/srv/data' });
  expect(parseFolder('/srv')('a\0').ok).toBe(false);
});

it('choices are listed', () => {
  expect(parseOneOf(['a', 'b'])('c')).toEqual({ ok: false, problem: 'must be one of a, b' });
});

it('base URLs', () => {
  expect(parseBaseUrl('boot.lan')).toEqual({ ok: true, value: 'http://boot.lan' });
  expect(parseBaseUrl('http://a?b').ok).toBe(false);
});
