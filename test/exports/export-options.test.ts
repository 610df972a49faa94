import { expect, it } from 'vitest';
import { checked, hasMachine, networkOf, poolOf, serverOf } from '../../src/exports/export-options.ts';
import { settingsFor } from '../support/app-context.ts';

it.each([
  ['domain', 'Lab.Example', 'lab.example'],
  ['plug', 'default', 'default'],
  ['user', 'core', 'core'],
  ['user', '_apt-get.x', '_apt-get.x'],
  ['known-hosts', '~/.ssh/my hosts', '~/.ssh/my hosts'],
] as const)('--%s may be %j', (option, text, value) => {
  expect(checked(option, text)).toBe(value);
});

it.each([
  ['domain', 'a..b'],
  ['plug', "a'b"],
  ['user', '-l'],
  ['user', 'a b'],
  ['user', ''],
  ['known-hosts', 'a\nProxyCommand x'],
  ['known-hosts', '%d/x'],
  ['known-hosts', '${HOME}'],
  ['known-hosts', 'a\\b'],
  ['known-hosts', ''],
] as const)('--%s may not be %j, and an example is given', (option, text) => {
  expect(() => checked(option, text)).toThrow(
    expect.objectContaining({ code: 'invalid', remedy: expect.any(String) as string }),
  );
});

it.each([
  ['192.168.122.1/24', '192.168.122.0', '255.255.255.0', '192.168.122.128', '192.168.122.254'],
  ['192.168.122.254/24', '192.168.122.0', '255.255.255.0', '192.168.122.1', '192.168.122.127'],
  ['10.20.30.1/16', '10.20.0.0', '255.255.0.0', '10.20.128.0', '10.20.255.254'],
  ['200.1.1.5/30', '200.1.1.4', '255.255.255.252', '200.1.1.6', '200.1.1.6'],
  ['200.1.1.6/30', '200.1.1.4', '255.255.255.252', '200.1.1.5', '200.1.1.5'],
])('%s has a base, a netmask and a pool without the router', (text, base, netmask, first, last) => {
  const network = networkOf(text);
  expect(network).toMatchObject({ base, netmask });
  expect(poolOf(network)).toEqual({ first, last });
});

it.each([
  '192.168.122.1',
  '192.168.122.1/',
  '192.168.122.1/31',
  '192.168.122.1/7',
  '192.168.122.1/24/1',
  '192.168.122.01/24',
  'a/24',
  '1/24',
])('%s is no network', (text) => {
  expect(() => networkOf(text)).toThrow('--network cannot be');
});

it('a machine may have neither the first, nor the last, nor the router’s address', () => {
  const network = networkOf('192.168.122.1/24');
  const inside = (ip: string): boolean => hasMachine(network, ip);
  expect(['192.168.122.2', '192.168.122.254'].every(inside)).toBe(true);
  expect(['192.168.122.0', '192.168.122.255', '192.168.122.1', '192.168.121.9', '192.168.123.9'].some(inside)).toBe(
    false,
  );
});

it('finds the server by the settings, or as it was said', () => {
  const settings = settingsFor('/x', { http: { host: '10.0.0.9', port: 81 } });
  expect(serverOf(settings, undefined, () => [])).toEqual({ address: '10.0.0.9', origin: 'http://10.0.0.9:81' });
  expect(serverOf(settings, '10.0.0.8', () => [])).toMatchObject({ address: '10.0.0.8' });
});
