import { describe, expect, it } from 'vitest';
import { programFor, targetOf } from '../../src/boot/boot-programs.ts';
import {
  bootOptions,
  KINDS,
  networkOf,
  parseDomain,
  parseKnownHosts,
  parsePlug,
  parseUser,
  serverOf,
} from '../../src/exports/export-options.ts';
import { parseOrigin } from '../../src/model/plan.ts';
import { settingsFor } from '../support/house.ts';
import { missing, SERVER } from './sample.ts';

describe('boot options', () => {
  it.each(KINDS)('name for $tag what our own DHCP proxy would', (kind) => {
    for (const arch of kind.arches) {
      const target = targetOf(arch) ?? missing();
      expect(target.http).toBe(kind.http);
      expect(programFor(target)?.name).toBe(kind.program);
    }
  });

  it('know iPXE by its user class and by option 175, and send it to the script alone', () => {
    const options = bootOptions(SERVER);
    expect(options.slice(0, 2)).toEqual(['dhcp-userclass=set:ipxe,iPXE', 'dhcp-match=set:ipxe,175']);
    const boots = options.filter((option) => option.startsWith('dhcp-boot='));
    expect(boots.filter((option) => !option.includes('tag:!ipxe'))).toEqual([
      'dhcp-boot=tag:ipxe,http://192.168.122.10:4777/boot.ipxe',
    ]);
  });

  it('repeat the vendor class to every HTTP Boot client, asked or not', () => {
    const options = bootOptions(SERVER);
    for (const { tag } of KINDS.filter(({ http }) => http)) {
      expect(options).toContain(`dhcp-option-force=tag:!ipxe,tag:${tag},60,HTTPClient`);
    }
  });

  it('refuse a URL that the boot file field would cut', () => {
    const origin = (length: number) => parseOrigin(`http://h/${'a'.repeat(length - 9)}`) ?? missing();
    const longest = '/firmware/snponly-arm64.efi'.length;
    expect(() => bootOptions({ ...SERVER, origin: origin(127 - longest) })).not.toThrow();
    expect(() => bootOptions({ ...SERVER, origin: origin(128 - longest) })).toThrow(/does not fit/);
  });
});

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
