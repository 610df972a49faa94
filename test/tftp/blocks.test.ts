import { describe, expect, it } from 'vitest';
import { BlockRing, Feeder, ringCapacity, toNetascii } from '../../src/tftp/blocks.ts';
import { bytesFile, type TftpFile } from '../../src/tftp/source.ts';
import { content, until } from '../support/tftp-server.ts';

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
      packets.push(Buffer.from(ring.packets(packets.length + 1, 1)));
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
    expect(ring.packets(2, 1).toString('latin1', 4)).toBe('bbbbbbbb');
    ring.finish();
    expect([ring.ready, ring.last, ring.packets(3, 1).toString('latin1', 4)]).toEqual([3, 3, 'cc']);
  });
});

interface Reads {
  readonly file: TftpFile;
  readonly asked: number[];
  closed: number;
  /** Lets the pending read return. */
  go: () => void;
}

/** A file whose reads wait until the test lets them go. */
function slowFile(bytes: Buffer): Reads {
  const reads: Reads = {
    asked: [],
    closed: 0,
    go: () => undefined,
    file: { size: bytes.length, read, close },
  };
  async function read(offset: number, length: number): Promise<Buffer> {
    reads.asked.push(length);
    await new Promise<void>((resolve) => {
      reads.go = resolve;
    });
    return bytes.subarray(offset, offset + length);
  }
  async function close(): Promise<void> {
    reads.closed += 1;
  }
  return reads;
}

const IGNORE = { loaded: () => undefined, failed: () => undefined };

describe('Feeder', () => {
  it('reads 64 KiB at a time, one read at a time, and stops when the ring is full', async () => {
    const reads = slowFile(content(1_000_000));
    const ring = new BlockRing(1024, ringCapacity(1_000_000, 1024, 1));
    const feeder = new Feeder(reads.file, ring, false, IGNORE);
    feeder.fill();
    feeder.fill();
    expect(reads.asked).toEqual([65_536]);
    reads.go();
    await until(() => reads.asked.length === 2);
    reads.go();
    await until(() => ring.ready === 128);
    feeder.fill();
    expect(reads.asked).toEqual([65_536, 65_536]);
    ring.release(64);
    feeder.fill();
    expect(reads.asked).toHaveLength(3);
  });

  it('closes the file once, and only after the read under way', async () => {
    const reads = slowFile(content(100_000));
    const feeder = new Feeder(reads.file, new BlockRing(512, 400), false, IGNORE);
    feeder.fill();
    feeder.close();
    feeder.close();
    expect(reads.closed).toBe(0);
    reads.go();
    await until(() => reads.closed === 1);
  });

  it.each([
    ['short', Buffer.alloc(0)],
    ['short', Buffer.alloc(99_999)],
  ])('says %s when a read brings nothing or too much', async (expected, bytes) => {
    const causes: unknown[] = [];
    const file: TftpFile = { size: 1000, read: async () => bytes, close: async () => undefined };
    const feeder = new Feeder(file, new BlockRing(512, 9), false, { ...IGNORE, failed: (cause) => causes.push(cause) });
    feeder.fill();
    await until(() => causes.length > 0);
    expect(causes).toEqual([expected]);
  });

  it('needs no read for bytes, and tells when the end is known', () => {
    const seen: (number | undefined)[] = [];
    const ring = new BlockRing(512, ringCapacity(1024, 512, 1));
    const feeder = new Feeder(bytesFile(content(1024)), ring, false, {
      ...IGNORE,
      loaded: () => seen.push(ring.last),
    });
    feeder.fill();
    expect(seen.at(-1)).toBe(3);
  });
});

describe('ringCapacity', () => {
  it('is small for small files and bounded for big ones', () => {
    expect([ringCapacity(0, 512, 1), ringCapacity(1024, 512, 16), ringCapacity(1e9, 1468, 16)]).toEqual([1, 3, 112]);
  });
});

describe('toNetascii', () => {
  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\0b'],
    ['a\r\nb', 'a\r\0\r\nb'],
    ['\n\n', '\r\n\r\n'],
    ['\xff\x00', '\xff\x00'],
  ])('writes %j as %j', (text, wire) => {
    expect(toNetascii(Buffer.from(text, 'latin1')).toString('latin1')).toBe(wire);
  });

  it('gives the same bytes however the text is cut', () => {
    const text = Buffer.from('line\r\n\rlast\n');
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parts = [toNetascii(text.subarray(0, cut)), toNetascii(text.subarray(cut))];
      expect(Buffer.concat(parts)).toEqual(toNetascii(text));
    }
  });
});
