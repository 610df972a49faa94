import { describe, expect, it } from 'vitest';
import { argument, consoles, requireReadable, sshKey } from '../../src/os/arguments.ts';
import { inputOf, profileOf } from './sample.ts';

describe('arguments', () => {
  it('leaves out what has no value', () => {
    expect(argument('root', undefined)).toEqual([]);
    expect(argument('root', '')).toEqual([]);
    expect(argument('root', 'LABEL=ROOT')).toEqual(['root=LABEL=ROOT']);
  });

  it('keeps the order of consoles: the last one is /dev/console', () => {
    expect(consoles(profileOf({ console: ['tty0', '', 'ttyS0'] }))).toEqual(['console=tty0', 'console=ttyS0']);
  });

  it('quotes the key and only the key', () => {
    expect(sshKey(inputOf(profileOf({}), { sshKey: 'ssh-rsa AAA b' }))).toEqual(['sshkey="ssh-rsa AAA b"']);
    expect(sshKey(inputOf(profileOf({ sshkey: 'core' })))).toEqual([]);
  });
});

describe('refusals', () => {
  it('refuses documents only when none of them is read', () => {
    const check = (more: Parameters<typeof profileOf>[0]) => () => {
      requireReadable(profileOf(more), ['ignition', 'cloud_config']);
    };
    expect(check({})).not.toThrow();
    expect(check({ generic: 'g' })).not.toThrow();
    expect(check({ cloud_config: 'c', preseed: 'p' })).not.toThrow();
    expect(check({ kickstart: 'k' })).toThrow(
      expect.objectContaining({
        message: 'coreos does not read a kickstart document',
        remedy: 'use "ignition" or "cloud_config"',
      }),
    );
  });
});
