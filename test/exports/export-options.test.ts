import { expect, it } from 'vitest';
import {
  networkOf,
  parseDomain,
  parseKnownHosts,
  parsePlug,
  parseUser,
  serverOf,
} from '../../src/exports/export-options.ts';
import { settingsFor } from '../support/house.ts';

it.each([
  [parseDomain, 'Lab.Example', 'lab.example'],
  [parsePlug, 'default', 'default'],
  [parseUser, 'core', 'core'],
  [parseUser, '_apt-get.x', '_apt-get.x'],
  [parseKnownHosts, '~/.ssh/my hosts', '~/.ssh/my hosts'],
] as const)('takes %o of %j', (parse, text, value) => {
  expect(parse(text)).toBe(value);
});

it.each([
  [parseDomain, 'a..b'],
  [parsePlug, "a'b"],
  [parseUser, '-l'],
  [parseUser, 'a b'],
  [parseUser, ''],
  [parseKnownHosts, 'a\nProxyCommand x'],
  [parseKnownHosts, '%d/x'],
  [parseKnownHosts, '${HOME}'],
  [parseKnownHosts, 'a\\b'],
  [parseKnownHosts, ''],
] as const)('%o refuses %j, with an example', (parse, text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'invalid', remedy: expect.any(String) as string }));
});

it('reads a network, and finds the server by the settings', () => {
  expect(networkOf('10.0.0.1/24')).toMatchObject({ base: '10.0.0.0' });
  expect(() => networkOf('10.0.0.1')).toThrow('--network cannot be');
  const settings = settingsFor('/x', { http: { host: '10.0.0.9', port: 81 } });
  expect(serverOf(settings, undefined, () => [])).toEqual({ address: '10.0.0.9', origin: 'http://10.0.0.9:81' });
  expect(serverOf(settings, '10.0.0.8', () => [])).toMatchObject({ address: '10.0.0.8' });
});
