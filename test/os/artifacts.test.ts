import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { artifactUrl } from '../../src/model/plan.ts';
import { onShelf, parseArtifact, systemShelf, versionOf } from '../../src/os/artifacts.ts';
import { ORIGIN, profileOf } from './sample.ts';

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
