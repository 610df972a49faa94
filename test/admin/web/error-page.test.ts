import { expect, test } from 'vitest';
import { errorPage } from '../../../src/admin/web/show.ts';
import { Failure } from '../../../src/model/failure.ts';

test('says what, where and what to do, and the way back', () => {
  const failure = new Failure('broken', 'unknown key', {
    place: { file: 'profiles/a.json', line: 3 },
    remedy: 'mend it',
  });
  expect(errorPage(failure, 'Profiles')).toMatchObject({
    title: 'Something is broken',
    live: [],
    data: { message: 'unknown key', place: 'profiles/a.json:3', remedy: 'mend it', back: '/dashboard/profiles' },
  });
});

test('without a place and a remedy there is none', () => {
  expect(errorPage(new Failure('unavailable', 'off'), 'Machines').data).toMatchObject({
    place: undefined,
    remedy: undefined,
    title: 'Not available now',
  });
});
