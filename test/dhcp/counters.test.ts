import { describe, expect, it } from 'vitest';
import { DhcpCounters } from '../../src/dhcp/counters.ts';

describe('DhcpCounters', () => {
  it('counts each reason', () => {
    const counters = new DhcpCounters();
    for (const reason of ['too short', 'too long', 'too short']) counters.silent(reason);
    expect([...counters.silences]).toEqual([
      ['too short', 2],
      ['too long', 1],
    ]);
  });

  it('knows when packets were lost', () => {
    const counters = new DhcpCounters();
    counters.drop(0, 5);
    expect(counters).toMatchObject({ dropped: 0, droppedAt: undefined });
    counters.drop(3, 7);
    counters.drop(2, 9);
    expect(counters).toMatchObject({ dropped: 5, droppedAt: 9 });
  });
});
