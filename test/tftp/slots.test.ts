import { describe, expect, it } from 'vitest';
import { Slots, type Refusal, type Slot } from '../../src/tftp/slots.ts';

/** Slots whose holders say by name when they give way. */
function crowdOf(perAddress: number, total: number) {
  const slots = new Slots(perAddress, total);
  const gone: string[] = [];
  const held = new Map<string, Slot>();
  /** `a1`: the first transfer of address `a`. */
  function take(name: string, now = 0): Refusal | 'taken' {
    const slot = slots.take(name.slice(0, 1), now, () => {
      gone.push(name);
      held.get(name)?.release();
    });
    if (typeof slot === 'string') return slot;
    held.set(name, slot);
    return 'taken';
  }
  const acknowledge = (now: number, ...names: readonly string[]): void => {
    for (const name of names) held.get(name)?.acknowledged(now);
  };
  return { slots, gone, held, take, acknowledge };
}

describe('Slots', () => {
  it('counts for each address and in all, and takes back', () => {
    const { slots, held, take, acknowledge } = crowdOf(2, 3);
    const outcome = (name: string): string => {
      const said = take(name);
      acknowledge(0, name);
      return said;
    };
    expect(['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map(outcome)).toEqual([
      ...['taken', 'taken', 'address', 'taken'],
      ...['all taken', 'all taken'],
    ]);
    expect(slots.taken).toBe(3);
    held.get('a1')?.release();
    held.get('a1')?.release();
    expect([take('c1'), take('a3'), slots.taken]).toEqual(['taken', 'taken', 3]);
  });

  it('the oldest transfer that never acknowledged anything gives way, never one that did', () => {
    const { slots, gone, take, acknowledge } = crowdOf(9, 3);
    for (const name of ['a1', 'b1', 'c1']) take(name);
    acknowledge(1, 'a1');
    expect(take('d1', 2)).toBe('taken');
    expect(take('e1', 3)).toBe('taken');
    expect([gone, slots.taken]).toEqual([['b1', 'c1'], 3]);
  });

  it('an address that has all it may gives way within its own', () => {
    const { gone, take, acknowledge } = crowdOf(2, 9);
    for (const name of ['b1', 'a1', 'a2']) take(name);
    acknowledge(1, 'a1');
    expect([take('a3', 2), gone]).toEqual(['taken', ['a2']]);
    acknowledge(2, 'a3');
    expect([take('a4', 3), gone]).toEqual(['address', ['a2']]);
  });

  it('who was there and has been silent for half a minute gives way when nothing else can, the longest first', () => {
    const { gone, take, acknowledge } = crowdOf(9, 2);
    for (const name of ['a1', 'b1']) take(name);
    acknowledge(10, 'b1');
    acknowledge(20, 'a1');
    expect(take('c1', 30_009)).toBe('all taken');
    expect([take('c1', 30_010), gone]).toEqual(['taken', ['b1']]);
    // Nothing is ever taken from a client because it is slow: only because another one needs its place.
    expect([take('d1', 99_999), take('e1', 99_999), gone]).toEqual(['taken', 'taken', ['b1', 'c1', 'd1']]);
  });
});
