import { describe, expect, it } from 'vitest';
import { BlockRing, RetransmissionClock } from '../../src/tftp/blocks.ts';

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

/** Streams bytes through a ring in pieces and collects the packets, releasing each at once. */
function through(bytes: Buffer, blksize: number, capacity: number, piece: number): Buffer[] {
  const ring = new BlockRing(blksize, capacity);
  const packets: Buffer[] = [];
  let at = 0;
  while (ring.last === undefined || packets.length < ring.last) {
    const take = Math.min(piece, ring.room, bytes.length - at);
    ring.write(bytes.subarray(at, at + take));
    at += take;
    if (at === bytes.length && ring.last === undefined && ring.room > 0) ring.finish();
    while (packets.length < ring.ready) {
      packets.push(Buffer.from(ring.packet(packets.length + 1)));
      ring.release(packets.length);
    }
  }
  return packets;
}

describe('BlockRing', () => {
  it.each([0, 1, 511, 512, 513, 1024, 5000])('cuts %i bytes into blocks that end with a short one', (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
    for (const piece of [1, 100, 512, 2000]) {
      const packets = through(bytes, 512, 4, piece);
      expect(packets).toHaveLength(Math.floor(size / 512) + 1);
      expect(Buffer.concat(packets.map((packet) => packet.subarray(4)))).toEqual(bytes);
      expect(packets.at(-1)?.length).toBe(4 + (size % 512));
    }
  });

  it('numbers the blocks on the wire modulo 65536', () => {
    const packets = through(Buffer.alloc(8 * 65537), 8, 16, 64);
    const numbers = packets.slice(65534).map((packet) => packet.toString('hex', 0, 4));
    expect(numbers).toEqual(['0003ffff', '00030000', '00030001', '00030002']);
  });

  it('keeps what is not released, and says when it is full', () => {
    const ring = new BlockRing(8, 2);
    ring.write(Buffer.from('aaaaaaaabbbbbbbb'));
    expect([ring.ready, ring.room]).toEqual([2, 0]);
    expect(() => {
      ring.write(Buffer.from('c'));
    }).toThrow(RangeError);
    ring.release(1);
    ring.write(Buffer.from('cc'));
    expect([ring.ready, ring.room, ring.last]).toEqual([2, 6, undefined]);
    expect(ring.packet(2).toString('latin1', 4)).toBe('bbbbbbbb');
    ring.finish();
    expect([ring.ready, ring.last, ring.packet(3).toString('latin1', 4)]).toEqual([3, 3, 'cc']);
  });
});
