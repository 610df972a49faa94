import { describe, expect, it } from 'vitest';
import { RetransmissionClock } from '../../src/tftp/retransmission.ts';

describe('RetransmissionClock', () => {
  it('begins with 250 ms and doubles up to 4 s', () => {
    const clock = new RetransmissionClock(undefined, 1_000_000, 0);
    clock.sent(0);
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const now = clock.wakeAt;
      clock.repeated(now);
      waits.push(clock.wakeAt - now);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 4000, 4000, 4000]);
  });

  it('learns the round trip, never below 100 ms', () => {
    const clock = new RetransmissionClock(undefined, 30_000, 0);
    clock.sent(0);
    clock.progress(1);
    clock.sent(1);
    expect(clock.wakeAt).toBe(101);
    let now = 1;
    for (let i = 0; i < 50; i += 1) {
      now += 600;
      clock.progress(now);
      clock.sent(now);
    }
    expect(clock.wakeAt - now).toBeGreaterThan(600);
    expect(clock.wakeAt - now).toBeLessThan(1000);
  });

  it('learns nothing from what was sent twice, and keeps the longer wait until it does (Karn)', () => {
    const clock = new RetransmissionClock(undefined, 30_000, 0);
    clock.sent(0);
    clock.repeated(250);
    clock.progress(300);
    clock.sent(300);
    expect(clock.wakeAt).toBe(800);
    clock.progress(320);
    clock.sent(320);
    expect(clock.wakeAt).toBe(420);
  });

  it('is exhausted after its patience without progress, and wakes then at the latest', () => {
    const clock = new RetransmissionClock(undefined, 1_000, 0);
    clock.idle();
    expect(clock.wakeAt).toBe(1_000);
    clock.progress(900);
    clock.sent(900);
    expect([clock.exhausted(1_899), clock.exhausted(1_900)]).toEqual([false, true]);
    clock.repeated(1_850);
    expect(clock.wakeAt).toBe(1_900);
  });

  it('hurries once: two round trips, at least 20 ms, and the next wait is not doubled for it', () => {
    const clock = new RetransmissionClock(undefined, 30_000, 0);
    clock.sent(0);
    clock.progress(1);
    clock.soon(1);
    expect(clock.wakeAt).toBe(21);
    clock.repeated(21);
    expect(clock.wakeAt).toBe(121);
    clock.repeated(121);
    expect(clock.wakeAt).toBe(321);
    const slow = new RetransmissionClock(undefined, 30_000, 0);
    slow.sent(0);
    slow.progress(30);
    slow.soon(30);
    expect(slow.wakeAt).toBe(90);
    slow.sent(40);
    slow.repeated(slow.wakeAt);
    expect(slow.wakeAt).toBe(140 + 200);
  });
});
