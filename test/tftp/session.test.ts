import { describe, expect, it } from 'vitest';
import { Feeder, ringCapacity } from '../../src/tftp/session.ts';
import type { TftpFile } from '../../src/tftp/source.ts';
import { BlockRing } from '../../src/tftp/blocks.ts';
import { content, until } from '../support/tftp-server.ts';

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
    file: { kind: 'file', size: bytes.length, read, close },
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
    const file: TftpFile = { kind: 'file', size: 1000, read: async () => bytes, close: async () => undefined };
    const feeder = new Feeder(file, new BlockRing(512, 9), false, { ...IGNORE, failed: (cause) => causes.push(cause) });
    feeder.fill();
    await until(() => causes.length > 0);
    expect(causes).toEqual([expected]);
  });

  it('needs no read for bytes, and tells when the end is known', () => {
    const seen: (number | undefined)[] = [];
    const ring = new BlockRing(512, ringCapacity(1024, 512, 1));
    const feeder = new Feeder({ kind: 'bytes', bytes: content(1024) }, ring, false, {
      ...IGNORE,
      loaded: () => seen.push(ring.last),
    });
    feeder.fill();
    expect(seen.at(-1)).toBe(3);
  });
});

describe('ringCapacity', () => {
  it('is small for small files and bounded for big ones', () => {
    expect([ringCapacity(0, 512, 1), ringCapacity(1024, 512, 16), ringCapacity(1e9, 1468, 16)]).toEqual([1, 3, 107]);
  });
});
