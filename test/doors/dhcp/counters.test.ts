import { describe, expect, it } from 'vitest';
import { DhcpCounters } from '../../../src/doors/dhcp/counters.ts';

describe('DhcpCounters', () => {
  it('counts each reason', () => {
    const counters = new DhcpCounters();
    for (const reason of ['too short', 'too long', 'too short']) counters.silent(reason);
    expect([...counters.silences]).toEqual([
      ['too short', 2],
      ['too long', 1],
    ]);
  });
});
