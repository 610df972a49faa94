import { expect, test } from 'vitest';
import { doneText, parseDone } from '../../../src/admin/web/done.ts';

test('only codes of the list are understood', () => {
  expect(parseDone('adopted')).toBe('adopted');
  for (const wrong of ['', 'Adopted', 'toString', '__proto__', '<b>', ['adopted'], undefined]) {
    expect(parseDone(wrong)).toBeUndefined();
  }
});

test('each has its sentence', () => {
  expect(doneText('reinstall')).toBe('The installer will run once at its next boot.');
});
