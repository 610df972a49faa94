import { expect, it } from 'vitest';
import { hasMachine, isIpv4, parseNetwork, poolOf } from '../../src/exports/ipv4.ts';
import { missing } from './sample.ts';

it.each(['0.0.0.0', '192.168.122.1', '255.255.255.255'])('%s is an address', (text) => {
  expect(isIpv4(text)).toBe(true);
});

it.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4\n', ' 1.2.3.4', '::1', '1.2.3.4.'])(
  '%j is none',
  (text) => {
    expect(isIpv4(text)).toBe(false);
  },
);

it.each([
  ['192.168.122.1/24', '192.168.122.0', '255.255.255.0', '192.168.122.128', '192.168.122.254'],
  ['192.168.122.254/24', '192.168.122.0', '255.255.255.0', '192.168.122.1', '192.168.122.127'],
  ['10.20.30.1/16', '10.20.0.0', '255.255.0.0', '10.20.128.0', '10.20.255.254'],
  ['200.1.1.5/30', '200.1.1.4', '255.255.255.252', '200.1.1.6', '200.1.1.6'],
  ['200.1.1.6/30', '200.1.1.4', '255.255.255.252', '200.1.1.5', '200.1.1.5'],
])('%s has a base, a netmask and a pool without the router', (text, base, netmask, first, last) => {
  const network = parseNetwork(text) ?? missing();
  expect({ base: network.base, netmask: network.netmask }).toEqual({ base, netmask });
  expect(poolOf(network)).toEqual({ first, last });
});

it.each([
  '192.168.122.1',
  '192.168.122.1/',
  '192.168.122.1/31',
  '192.168.122.1/7',
  '192.168.122.1/24/1',
  'a/24',
  '1/24',
])('%s is no network', (text) => {
  expect(parseNetwork(text)).toBeUndefined();
});

it('a machine may have neither the first, nor the last, nor the router’s address', () => {
  const network = parseNetwork('192.168.122.1/24') ?? missing();
  const inside = (ip: string): boolean => hasMachine(network, ip);
  expect(['192.168.122.2', '192.168.122.254'].every(inside)).toBe(true);
  expect(['192.168.122.0', '192.168.122.255', '192.168.122.1', '192.168.121.9', '192.168.123.9'].some(inside)).toBe(
    false,
  );
});
