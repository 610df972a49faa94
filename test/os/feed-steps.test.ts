import { describe, expect, it } from 'vitest';
import { artifact, readOne, strictChannel, strictName, strictVersion, trusting } from '../../src/os/feed-steps.ts';

describe('strict', () => {
  it('version: the publisher’s form, and safe in a path', () => {
    expect(strictVersion('1.2', /^[\d.]+$/, 'x')).toBe('1.2');
    for (const text of [undefined, '', 'a', '1..2'])
      expect(() => strictVersion(text, /^[\d.]+$/, 'x')).toThrow('does not name a version');
  });
  it('name: one safe segment', () => {
    expect(strictName('a.b')).toBe('a.b');
    for (const text of ['', '..', '.x', 'a/b', 'a\n']) expect(() => strictName(text)).toThrow('not safe');
  });
  it('channel', () => {
    expect(strictChannel('a', /^a$/, 'talos', '"a"')).toBe('a');
    expect(() => strictChannel('b', /^a$/, 'talos', '"a"')).toThrow('talos has no such channel');
  });
});

it('an artifact has nothing but what it is given', () => {
  expect(artifact('a', { url: 'http://x/a', kind: 'kernel' })).toEqual({
    name: 'a',
    url: 'http://x/a',
    kind: 'kernel',
    digests: {},
    digestLists: [],
    signatureUrls: [],
    unpack: [],
  });
});

it('the operator’s keys take the publisher’s place', () => {
  const input = { channel: 'a', arch: 'amd64', install: false } as const;
  const publisher = { pinned: ['P'], revoked: ['R'], keyUrls: ['U'] };
  expect(trusting(input, publisher)).toEqual({ ...publisher, legacySha1: false });
  expect(trusting({ ...input, pinned: ['O'], legacySha1: true }, publisher)).toMatchObject({
    pinned: ['O'],
    keyUrls: [],
    legacySha1: true,
  });
});

it('a text that is not there is an empty one', () => {
  const release = { kind: 'release', release: {} } as never;
  const step = readOne({ url: 'http://x', maxBytes: 1 }, (text) => (text === '' ? release : expect.fail()));
  expect(step.kind === 'fetch' && step.next([undefined])).toBe(release);
});
