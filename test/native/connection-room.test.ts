import { expect, test } from 'vitest';
import { connectionRoom } from '../../src/native/image-sender.ts';

test.each([
  [{ limit: 65_536, open: 40 }, 16_384],
  [{ limit: 1024, open: 40 }, 856],
  [{ limit: 256, open: 40 }, 168],
  // Too few for anything: some are let in all the same, and whoever finds no handle is told so.
  [{ limit: 64, open: 40 }, 16],
  [undefined, 16_384],
])('%j leaves room for %i connections', (count, room) => {
  expect(connectionRoom(16_384, count)).toBe(room);
});

test('what this process has is counted', () => {
  expect(connectionRoom(1_000_000)).toBeGreaterThan(0);
  expect(connectionRoom(3)).toBe(3);
});
