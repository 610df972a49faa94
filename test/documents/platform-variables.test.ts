import { expect, test } from 'vitest';
import { checkVariables, fillPlatformVariables } from '../../src/documents/adapt-cloud-config.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';

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
  expect(fillPlatformVariables(text, '192.0.2.1')).toBe(filled);
});

test('each family gets its own address', () => {
  expect(fillPlatformVariables('$private_ipv4 $private_ipv6', '2001:db8::1')).toBe('$private_ipv4 2001:db8::1');
  expect(fillPlatformVariables('$private_ipv4', undefined)).toBe('$private_ipv4');
});

test('a value is put in as it is, whatever replaceAll makes of dollars', () => {
  expect(fillPlatformVariables('$private_ipv4', '$&$1')).toBe('$&$1');
});

function told(text: string, node?: { readonly name: string; readonly ip?: string }) {
  const findings = new Diagnostics(text);
  checkVariables(text, { node }, findings);
  return findings.sorted().map(({ message, remedy, place }) => [message, remedy, (place.column ?? 0) - 1]);
}

test('what would be empty on the machine', () => {
  const remedy = (name: string) => `give the node an "ip" in its profile, or write \\${name} for the word itself`;
  expect(told('a $private_ipv4 \\$public_ipv4 $public_ipv6', { name: 'n' })).toEqual([
    ['$private_ipv4 has no value: the node "n" has no ip', remedy('$private_ipv4'), 2],
    ['$public_ipv6 has no value: the node "n" has no IPv6 ip', remedy('$public_ipv6'), 30],
  ]);
  expect(told('$private_ipv4', { name: 'n', ip: '192.0.2.1' })).toEqual([]);
});

test.each([
  ['addr: $private_ip:4001 $private_ip:7001', ['$private_ip', '$private_ipv4', 6]],
  ['"$public_ip"', ['$public_ip', '$public_ipv4', 1]],
  ['$private_ipv4 $private_ips $private_ip_4 ${private_ip} private_ip', undefined],
  [String.raw`\$private_ip`, undefined],
  ['private_ip=$(hostname -i); echo $private_ip', undefined],
])('what looks like a variable and is none: %s', (text, found) => {
  const [name, meant, offset] = found ?? [];
  expect(told(text)).toEqual(
    found === undefined ? [] : [[`${name} is no variable: it stays as it is`, `write ${meant}`, offset]],
  );
});
