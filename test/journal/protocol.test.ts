import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { packError, unpackError } from '../../src/journal/protocol.ts';
import { Trouble } from '../../src/journal/trouble.ts';

function across(error: unknown): Error {
  return unpackError(structuredClone(packError(error)));
}

test('trouble and failures arrive as what they are', () => {
  const trouble = across(new Trouble('damaged', 'it is torn', new TypeError('x')));
  expect(trouble).toBeInstanceOf(Trouble);
  expect(trouble).toMatchObject({ kind: 'damaged', message: 'it is torn', code: 'unavailable' });
  const failure = across(new Failure('invalid', 'no page ended there', { remedy: 'begin at the first' }));
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).not.toBeInstanceOf(Trouble);
  expect(failure).toMatchObject({ code: 'invalid', message: 'no page ended there', remedy: 'begin at the first' });
  expect(across(new Failure('invalid', 'x'))).toMatchObject({ remedy: undefined });
});

test('a mistake keeps its words and where it was made', () => {
  const mistake = new RangeError('out of bounds');
  expect(across(mistake)).toMatchObject({ message: 'RangeError: out of bounds', stack: mistake.stack });
  expect(across(mistake)).not.toBeInstanceOf(Failure);
  expect(across('just words').message).toBe('just words');
});
