import { describe, expect, it } from 'vitest';
import { BlockRing } from '../../src/tftp/blocks.ts';

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
