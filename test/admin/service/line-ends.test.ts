import { expect, test } from 'vitest';
import { editedLikeBefore } from '../../../src/admin/service/line-ends.ts';

test.each([
  ['{\n}\n', '{\r\n "a": 1}\r\n', '{\n "a": 1}\n'],
  ['{\r\n}\r\n', '{\n "a": 1}\r\n', '{\r\n "a": 1}\r\n'],
  ['{\r\n}\n', '{\n "a": 1}\r\n', '{\n "a": 1}\r\n'],
  ['{}', '{\r\n}', '{\r\n}'],
  [undefined, '{\r\n}\n', '{\r\n}\n'],
  ['{\n"\u017d"}', '{\r\n"\u017d"}', '{\n"\u017d"}'],
])('%j edited as %j', (before, text, after) => {
  expect(editedLikeBefore(before === undefined ? undefined : Buffer.from(before), text).toString()).toBe(after);
});
