import { expect, test } from 'vitest';
import { Failure, type FailureCode } from '../../../src/model/failure.ts';
import { apiErrorOf, errorBody } from '../../../src/admin/api/api-error.ts';
import { recordLog } from '../../support/http-house.ts';

test.each<[FailureCode, number]>([
  ['not-found', 404],
  ['invalid', 400],
  ['conflict', 409],
  ['too-large', 413],
  ['refused', 403],
  ['unavailable', 503],
  ['broken', 500],
])('%s is %i', (code, status) => {
  const log = recordLog();
  const place = { file: 'profiles/a.json', line: 3 };
  const error = apiErrorOf(new Failure(code, 'what', { place, remedy: 'do', cause: new Error('/srv/secret') }), log);
  expect(error).toMatchObject({ status, code });
  expect(JSON.parse(JSON.stringify(errorBody(error)))).toEqual({
    error: { code, message: 'what', place, remedy: 'do' },
  });
  expect(error.headers).toEqual(status === 503 ? ['Retry-After', '5'] : []);
  expect(log.of('warn')).toHaveLength(status >= 500 ? 1 : 0);
});

test('what is not known is not there', () => {
  const error = apiErrorOf(new Failure('invalid', 'what'), recordLog());
  expect(JSON.stringify(errorBody(error))).toBe('{"error":{"code":"invalid","message":"what"}}');
});

test('a bug is a number, and the log has the rest', () => {
  const log = recordLog();
  const error = apiErrorOf(new TypeError('/srv/secret'), log);
  expect(error).toMatchObject({ status: 500, code: 'internal' });
  const id = /^internal error, request ([0-9a-f]{12})$/.exec(error.message)?.[1];
  expect(log.of('error')).toMatchObject([{ fields: { requestId: id }, message: 'internal error' }]);
  expect(JSON.stringify(errorBody(error))).not.toContain('secret');
});

test('no file handles left is no bug', () => {
  const log = recordLog();
  expect(apiErrorOf(Object.assign(new Error('x'), { code: 'EMFILE' }), log)).toMatchObject({ status: 503 });
  expect(log.of('error')).toEqual([]);
});
