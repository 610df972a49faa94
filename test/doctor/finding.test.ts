import { expect, it } from 'vitest';
import { findingsAbout } from '../../src/doctor/finding.ts';

it('a finding says what it is about; only what is not in order has a remedy', () => {
  const say = findingsAbout('ports');
  expect(say.ok('a')).toEqual({ about: 'ports', level: 'ok', what: 'a' });
  expect(say.warning('a', 'b')).toEqual({ about: 'ports', level: 'warning', what: 'a', remedy: 'b' });
  expect(say.problem('a', 'b')).toEqual({ about: 'ports', level: 'problem', what: 'a', remedy: 'b' });
});
