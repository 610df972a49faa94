import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { artifactUrl } from '../../src/model/plan.ts';
import {
  argument,
  consoles,
  installation,
  installDisk,
  installsFromShelf,
  onShelf,
  parseArtifact,
  requireReadable,
  sshKey,
  systemShelf,
  versionOf,
} from '../../src/os/system.ts';
import { inputOf, installInputOf, ORIGIN, profileOf } from './sample.ts';

const install = { disk: '/dev/sda' };

describe('installing', () => {
  it('takes devices for disks, and nothing else', () => {
    expect(installDisk(profileOf({}))).toBeUndefined();
    for (const disk of ['/dev/nvme0n1', '/dev/disk/by-id/nvme-X_1.2:3+4@5']) {
      expect(installDisk(profileOf({ install: { disk } }))).toBe(disk);
    }
    for (const disk of ['sda', '/dev/', '/dev/sda x', '/dev/sda\nx', "/dev/s'a", '/etc/passwd']) {
      expect(() => installDisk(profileOf({ install: { disk } }))).toThrow(
        expect.objectContaining({ place: { file: 'profiles/sample.json', key: 'install.disk' } }),
      );
    }
  });

  it('installs a machine that says who it is', () => {
    expect(installation(installInputOf(profileOf({})))).toBeUndefined();
    expect(installation(installInputOf(profileOf({ install })))?.report).toMatch(/\/installed\//);
    expect(() => installation(inputOf(profileOf({ install })))).toThrow('only a machine that says who it is');
  });

  it('knows whose image must lie here', () => {
    expect(installsFromShelf(profileOf({ install }))).toBe(true);
    expect(installsFromShelf(profileOf({ system: 'flatcar', install }))).toBe(true);
    expect(installsFromShelf(profileOf({ system: 'flatcar' }))).toBe(false);
    expect(installsFromShelf(profileOf({ system: 'fedora-coreos', install }))).toBe(false);
  });
});

const profile = profileOf({ system: 'custom' });

describe('parseArtifact', () => {
  it.each(['vmlinuz', 'a/b/c.img', 'custom/linux-6.1+deb12@x86,64=~1', '_x/1'])('takes the path %s', (text) => {
    expect(parseArtifact(text, profile, 'kernel')).toEqual({ kind: 'shelf', path: text });
  });

  it.each(['http://h/x', 'https://h:1/a?b=c&d=%20', 'tftp://h/x'])('takes the URL %s', (text) => {
    expect(parseArtifact(text, profile, 'kernel')).toEqual({ kind: 'url', url: text });
  });

  it.each([
    '',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a//b',
    'a/.drafts/b',
    'a/',
    'a\\b',
    'a b',
    'a\nboot',
    'a\0',
    'file:///etc/passwd',
    'javascript:1',
    'http://h/a b',
    'http://h/${mac}',
    'http://h/a#b',
    'http://h/"x"',
    'ünï',
  ])('refuses %j', (text) => {
    expect(() => parseArtifact(text, profile, 'initrd[0]')).toThrow(
      expect.objectContaining({ code: 'broken', place: { file: 'profiles/sample.json', key: 'initrd[0]' } }) as Failure,
    );
  });
});

describe('the shelf', () => {
  it('has one folder for a system, an architecture and a version', () => {
    expect(systemShelf(profileOf({ system: 'talos', arch: 'arm64', version: 'v1.2.3' }))).toBe('talos/arm64/v1.2.3');
  });

  it.each(['', '..', 'a/b', 'a b', '1\n2', '-1'])('has none for the version %j', (version) => {
    expect(() => versionOf(profileOf({ version }))).toThrow(Failure);
  });

  it('gives URLs of one word', () => {
    expect(artifactUrl(onShelf('a+b', 'c d;e#f?g'), ORIGIN)).toBe('http://10.0.2.2:4777/images/a+b/c%20d%3Be%23f%3Fg');
    expect(artifactUrl({ kind: 'url', url: 'http://x/y?z' }, ORIGIN)).toBe('http://x/y?z');
  });
});

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
