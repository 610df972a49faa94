import { expect, test } from 'vitest';
import { revisionOf } from '../../src/catalog/revision.ts';

test('a revision is the SHA-256 of the very bytes', () => {
  expect(revisionOf(Buffer.from('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(revisionOf(Buffer.from('abc\n'))).not.toBe(revisionOf(Buffer.from('abc\r\n')));
});
