import { describe, expect, it } from 'vitest';
import { Slots } from '../../../src/doors/tftp/slots.ts';

describe('Slots', () => {
  it('counts for each address and in all, and takes back', () => {
    const slots = new Slots(2, 3);
    expect(['a', 'a', 'a', 'b', 'b', 'c'].map((address) => slots.take(address))).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(slots.taken).toBe(3);
    slots.release('a');
    expect([slots.take('c'), slots.take('a'), slots.taken]).toEqual([true, false, 3]);
    for (const address of ['a', 'b', 'c']) slots.release(address);
    expect([slots.taken, slots.take('a'), slots.take('a')]).toEqual([0, true, true]);
  });
});
