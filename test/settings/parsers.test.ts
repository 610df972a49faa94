import { describe, expect, it } from 'vitest';
import {
  parseAddresses,
  parseHosts,
  parseBaseUrl,
  parseChoice,
  parseFingerprints,
  parseFolder,
  parseListen,
  parseListenOrOff,
  parseMirror,
  parseNumber,
  parseOneOf,
  parseSchedule,
  parseSize,
  parseTimezone,
  parseToken,
} from '../../src/settings/parsers.ts';

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
  expect(parseFolder('data', { cwd: '/srv' })).toEqual({ ok: true, value: '/srv/data' });
  expect(parseFolder('a\0', { cwd: '/srv' }).ok).toBe(false);
});

it('choices are listed', () => {
  expect(parseOneOf(['a', 'b'])('c')).toEqual({ ok: false, problem: 'must be one of a, b' });
});

it('base URLs', () => {
  expect(parseBaseUrl('boot.lan')).toEqual({ ok: true, value: 'http://boot.lan' });
  expect(parseBaseUrl('http://a?b').ok).toBe(false);
});

describe('numbers and addresses', () => {
  it.each(['8', '1468', '65464'])('takes %s', (text) => {
    expect(parseNumber(8, 65_464)(text)).toEqual({ ok: true, value: Number(text) });
  });
  it.each(['7', '65465', '', '-8', '1e3', '0x10', '8.0'])('refuses %j', (text) => {
    expect(parseNumber(8, 65_464)(text).ok).toBe(false);
  });
  it.each(['10.0.0', '10.0.0.256', '10.0.0.1,', '::1', '10.0.0.1.2', '010.0.0.1'])(
    '%j is no list of addresses',
    (text) => {
      expect(parseAddresses(text).ok).toBe(false);
    },
  );
  it('a base URL has an IPv6 address in brackets, and no zone', () => {
    expect(parseBaseUrl('http://[fd00::1]:4777')).toEqual({ ok: true, value: 'http://[fd00::1]:4777' });
    expect(parseBaseUrl('http://fd00::1:4777').ok).toBe(false);
    expect(parseBaseUrl('http://[fe80::1%25eth0]:4777')).toMatchObject({
      ok: false,
      problem: expect.stringContaining('zone') as string,
    });
  });
  it('hosts have addresses of either family, and no zone', () => {
    expect(parseHosts('10.0.0.1, fd00::1')).toEqual({ ok: true, value: ['10.0.0.1', 'fd00::1'] });
    expect(parseHosts('fe80::1%eth0')).toMatchObject({
      ok: false,
      problem: expect.stringContaining('its zone') as string,
    });
    expect(parseHosts('10.0.0.1,boot.lan').ok).toBe(false);
  });
  it('off is a place to listen, too', () => {
    expect(parseListenOrOff('off')).toEqual({ ok: true, value: 'off' });
    expect(parseListenOrOff('x').ok).toBe(false);
  });
});

describe('the sync’s settings', () => {
  it.each(['17 4 * * *', ' 0  0 1 1 7 ', '*/15 * * * *', '1,2,30-40/2 23 31 12 0'])('%j is a schedule', (text) => {
    expect(parseSchedule(text)).toEqual({ ok: true, value: text.trim().replaceAll(/ +/g, ' ') });
  });

  it.each([
    '',
    'x',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '*/0 * * * *',
    '@daily',
    '1- * * * *',
  ])('%j is no schedule', (text) => {
    expect(parseSchedule(text)).toMatchObject({ ok: false });
  });

  it('time zones are those that this Node knows', () => {
    expect(parseTimezone('UTC')).toEqual({ ok: true, value: 'UTC' });
    expect(parseTimezone('Mars/Base')).toMatchObject({ ok: false });
  });

  it.each([
    ['http://mirror.lan/flatcar/', 'http://mirror.lan/flatcar'],
    ['https://mirror.lan:8443', 'https://mirror.lan:8443'],
  ])('%s is a mirror', (text, value) => {
    expect(parseMirror(text)).toEqual({ ok: true, value });
  });

  it.each([
    'mirror.lan',
    'ftp://mirror.lan',
    'http://',
    'http://u:p@mirror.lan',
    'http://m/?x',
    'http://m/#x',
    'http://m/ x',
  ])('%s is no mirror', (text) => {
    expect(parseMirror(text)).toMatchObject({ ok: false });
  });

  it('fingerprints are 40 digits, with or without spaces', () => {
    const spaced = 'F88C FEDE FF29 A5B4 D952  3864 E25D 9AED 0593 B34A';
    expect(parseFingerprints(spaced)).toEqual({ ok: true, value: ['F88CFEDEFF29A5B4D9523864E25D9AED0593B34A'] });
    expect(parseFingerprints('0593B34A')).toMatchObject({ ok: false });
    const fedora = `46:${'a'.repeat(40)}, ${'B'.repeat(40)}`;
    expect(parseFingerprints(fedora, { system: 'fedora-coreos' })).toEqual({
      ok: true,
      value: [`46:${'A'.repeat(40)}`, 'B'.repeat(40)],
    });
    expect(parseFingerprints(fedora, { system: 'flatcar' })).toMatchObject({ ok: false });
  });
});

describe('parseToken and parseChoice', () => {
  it.each(['short', 'with a blank in it', 'x'.repeat(257), 'tab\tinside-of-it'])('%j is no token', (text) => {
    expect(parseToken(text).ok).toBe(false);
  });
  it('a token is taken as it is', () => {
    expect(parseToken('0123456789abcdef')).toEqual({ ok: true, value: '0123456789abcdef' });
  });
  it.each(['wait', 'local', 'a-profile'])('%s is a choice', (text) => {
    expect(parseChoice(text)).toEqual({ ok: true, value: text });
  });
  it.each(['', '../x', 'a/b'])('%j is none', (text) => {
    expect(parseChoice(text).ok).toBe(false);
  });
});
