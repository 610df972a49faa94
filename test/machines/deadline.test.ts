import { expect, it } from 'vitest';
import { deadlineOf } from '../../src/machines/deadline.ts';

it('is the boot timeout after the script, where the profile has one', () => {
  expect(deadlineOf({ boot_timeout: 600 }, 1000)).toBe(601_000);
  expect(deadlineOf({}, 1000)).toBeUndefined();
});
