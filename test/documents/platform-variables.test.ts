import { expect, test } from 'vitest';
import {
  emptyPlatformVariables,
  fillPlatformVariables,
  nearlyPlatformVariables,
} from '../../src/documents/platform-variables.ts';

test.each([
  ['http://$private_ipv4:2380', 'http://192.0.2.1:2380'],
  ['$public_ipv4', '192.0.2.1'],
  ['$private_ipv4s', '192.0.2.1s'],
  ['$private_ipv4$public_ipv4', '192.0.2.1192.0.2.1'],
  [String.raw`\$private_ipv4`, String.raw`\$private_ipv4`],
  ['${private_ipv4} $private_ip $$private_ipv4', '${private_ipv4} $private_ip $192.0.2.1'],
  ['$private_ipv6', '$private_ipv6'],
  ['$private_ipv5 $PRIVATE_IPV4', '$private_ipv5 $PRIVATE_IPV4'],
])('%s becomes %s', (text, filled) => {
  expect(fillPlatformVariables(text, { ip: '192.0.2.1' })).toBe(filled);
});

test('each family gets its own address, and a public one where there is one', () => {
  expect(fillPlatformVariables('$private_ipv4 $private_ipv6', { ip: '2001:db8::1' })).toBe('$private_ipv4 2001:db8::1');
  const both = { ip: '192.0.2.1', publicIp: '198.51.100.1' };
  expect(fillPlatformVariables('$private_ipv4 $public_ipv4', both)).toBe('192.0.2.1 198.51.100.1');
});

test('a value is put in as it is, whatever replaceAll makes of dollars', () => {
  expect(fillPlatformVariables('$private_ipv4', { ip: '$&$1' })).toBe('$&$1');
});

test('what would be empty on the machine', () => {
  expect(emptyPlatformVariables('a $private_ipv4 \\$public_ipv4 $public_ipv6', {})).toEqual([
    { name: '$private_ipv4', offset: 2 },
    { name: '$public_ipv6', offset: 30 },
  ]);
  expect(emptyPlatformVariables('$private_ipv4', { ip: '192.0.2.1' })).toEqual([]);
});

test.each([
  ['addr: $private_ip:4001 $private_ip:7001', ['$private_ip', '$private_ipv4', 6]],
  ['"$public_ip"', ['$public_ip', '$public_ipv4', 1]],
  ['$private_ipv4 $private_ips $private_ip_4 ${private_ip} private_ip', undefined],
  [String.raw`\$private_ip`, undefined],
  ['private_ip=$(hostname -i); echo $private_ip', undefined],
])('what looks like a variable and is none: %s', (text, found) => {
  expect(nearlyPlatformVariables(text).map(({ name, meant, offset }) => [name, meant, offset])).toEqual(
    found === undefined ? [] : [found],
  );
});
