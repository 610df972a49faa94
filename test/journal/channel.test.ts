import { expect, test } from 'vitest';
import { openThread, packError, unpackError } from '../../src/journal/channel.ts';
import { DatabaseFailure } from '../../src/journal/database-failure.ts';
import { Failure } from '../../src/model/failure.ts';
import { databaseFile, entryOf, EXEC_ARGV, macOf, script, T } from './setup.ts';

const NEVER = new AbortController().signal;

test('answers come back in their order, and the end closes the database', async () => {
  const file = databaseFile();
  const thread = openThread({ file, days: 30 }, EXEC_ARGV);
  await thread.end(NEVER);
  expect(await thread.call('open', T)).toEqual({});
  const order: string[] = [];
  const said = (name: string) => () => order.push(name);
  await Promise.all([
    thread.call('write', [entryOf(script(T, 1, 'boot'))]).then(said('write')),
    thread.call('machine', macOf(1), T).then(said('machine')),
  ]);
  expect(order).toEqual(['write', 'machine']);
  await thread.end(NEVER);
  // Asked again it begins anew.
  await expect(thread.call('machine', macOf(1), T)).rejects.toMatchObject({ kind: 'off' });
  await thread.end(NEVER);
});

test('an end that is forced cuts what is asked for', async () => {
  const thread = openThread({ file: databaseFile(), days: 30 }, EXEC_ARGV);
  const opening = thread.call('open', T);
  const refused = expect(opening).rejects.toMatchObject({ kind: 'unusable', message: /cut off/ });
  const force = new AbortController();
  const ending = thread.end(force.signal);
  force.abort();
  await ending;
  await refused;
});

test('options that no thread may have are a failure for the caller, not for the process', async () => {
  const thread = openThread({ file: databaseFile(), days: 30 }, ['--max-old-space-size=100']);
  await expect(thread.call('open', T)).rejects.toThrow(/ERR_WORKER_INVALID_EXEC_ARGV|Initiated Worker with invalid/);
  await thread.end(NEVER);
});

function across(error: unknown): Error {
  return unpackError(structuredClone(packError(error)));
}

test('failures arrive as what they are', () => {
  const damaged = across(new DatabaseFailure('damaged', 'it is torn', new TypeError('x')));
  expect(damaged).toBeInstanceOf(DatabaseFailure);
  expect(damaged).toMatchObject({ kind: 'damaged', message: 'it is torn', code: 'unavailable' });
  const failure = across(new Failure('invalid', 'no page ended there', { remedy: 'begin at the first' }));
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).not.toBeInstanceOf(DatabaseFailure);
  expect(failure).toMatchObject({ code: 'invalid', message: 'no page ended there', remedy: 'begin at the first' });
  expect(across(new Failure('invalid', 'x'))).toMatchObject({ remedy: undefined });
});

test('a mistake keeps its words and where it was made', () => {
  const mistake = new RangeError('out of bounds');
  expect(across(mistake)).toMatchObject({ message: 'RangeError: out of bounds', stack: mistake.stack });
  expect(across(mistake)).not.toBeInstanceOf(Failure);
  expect(across('just words').message).toBe('just words');
});
