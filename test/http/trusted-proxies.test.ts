import { describe, expect, test } from 'vitest';
import { createProxyTrust } from '../../src/http/client-address.ts';
import { parseRanges } from '../../src/settings/parsers.ts';

const rangesOf = (text: string) => {
  const parsed = parseRanges(text);
  if (!parsed.ok) throw new TypeError(parsed.problem);
  return parsed.value;
};

describe('who is behind the proxies', () => {
  const trust = createProxyTrust(rangesOf('127.0.0.1, 10.0.0.0/8, fd00::/8'));

  test.each([
    ['a client that comes by itself', '192.0.2.7', undefined, '192.0.2.7'],
    ['a client that says it is another', '192.0.2.7', '10.0.0.1', '192.0.2.7'],
    ['one proxy', '127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['a proxy that says nothing', '127.0.0.1', undefined, '127.0.0.1'],
    ['two proxies', '127.0.0.1', '192.0.2.7, 10.0.0.9', '192.0.2.7'],
    ['a client that wrote a header before the proxy did', '127.0.0.1', '10.9.9.9, 8.8.8.8, 192.0.2.7', '192.0.2.7'],
    ['a client inside a trusted network', '127.0.0.1', '10.1.2.3', '10.1.2.3'],
    ['a forged first entry behind a trusted client', '127.0.0.1', '8.8.8.8, 10.1.2.3', '8.8.8.8'],
    ['rubbish at the end', '127.0.0.1', '192.0.2.7, unknown', '127.0.0.1'],
    ['rubbish in the middle', '127.0.0.1', '8.8.8.8, <b>, 10.0.0.9', '10.0.0.9'],
    ['an empty header', '127.0.0.1', '', '127.0.0.1'],
    ['ports', '127.0.0.1', '192.0.2.7:4711', '192.0.2.7'],
    ['IPv6 with a port', 'fd00::1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['a mapped peer', '::ffff:127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['a host name', '127.0.0.1', 'evil.example', '127.0.0.1'],
  ])('%s', (_what, peer, header, client) => {
    expect(trust.clientOf(peer, header)).toBe(client);
  });

  test('of a very long header only what trusted proxies wrote is read', () => {
    expect(trust.clientOf('127.0.0.1', `${'8.8.8.8, '.repeat(2000)}192.0.2.7`)).toBe('192.0.2.7');
  });
});

test.each([
  '',
  'proxy.lan',
  '10.0.0.0/33',
  '10.0.0.0/0',
  '0.0.0.0/0',
  '::/0',
  'fd00::/129',
  '10.0.0.1,,',
  '10.0.0',
  '10.0.0.1 10.0.0.2',
])('%j are no proxies', (text) => {
  expect(parseRanges(text)).toMatchObject({ ok: false });
});
