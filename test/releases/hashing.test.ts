import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { startHashes } from '../../src/releases/draft.ts';

const sha = (name: string, text: string): string => createHash(name).update(text).digest('hex');

it('answers more than once, while it goes on', () => {
  const hashes = startHashes(new Set(['sha384']));
  hashes.update(Buffer.from('ab'));
  expect(hashes.hex('sha256')).toBe(sha('sha256', 'ab'));
  hashes.update(Buffer.from('c'));
  expect([hashes.size, hashes.hex('sha256'), hashes.hex('sha512')]).toEqual([
    3,
    sha('sha256', 'abc'),
    sha('sha512', 'abc'),
  ]);
  expect(hashes.withTrailer('sha384', Buffer.from('d')).toString('hex')).toBe(sha('sha384', 'abcd'));
  expect(hashes.withTrailer('sha384', Buffer.from('e')).toString('hex')).toBe(sha('sha384', 'abce'));
});

it('has only what was asked for in advance', () => {
  expect(() => startHashes(new Set()).withTrailer('sha1', Buffer.alloc(0))).toThrow('not asked for');
});
