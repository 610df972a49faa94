import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/model/failure.ts';
import { readMpi, readPackets } from '../../../src/releases/openpgp/packets.ts';

describe('readPackets', () => {
  it('reads every length form of both header formats', () => {
    const body = (length: number): Buffer => Buffer.alloc(length, 7);
    const cases: readonly [string, Buffer, number][] = [
      ['old, 1 byte', Buffer.from([0x88, 3]), 3],
      ['old, 2 bytes', Buffer.from([0x89, 1, 0]), 256],
      ['old, 4 bytes', Buffer.from([0x8a, 0, 0, 1, 0]), 256],
      ['new, 1 byte', Buffer.from([0xc2, 191]), 191],
      ['new, 2 bytes', Buffer.from([0xc2, 192, 0]), 192],
      ['new, 2 bytes, longest', Buffer.from([0xc2, 223, 255]), 8383],
      ['new, 5 bytes', Buffer.from([0xc2, 255, 0, 0, 1, 0]), 256],
    ];
    for (const [name, header, length] of cases)
      expect(readPackets(Buffer.concat([header, body(length)])), name).toEqual([{ tag: 2, body: body(length) }]);
  });

  it('reads one after the other, and nothing from nothing', () => {
    expect(readPackets(Buffer.from([0x88, 1, 65, 0xc6, 1, 66])).map(({ tag }) => tag)).toEqual([2, 6]);
    expect(readPackets(Buffer.alloc(0))).toEqual([]);
  });

  it.each([
    ['text', Buffer.from('<html>')],
    ['a cut body', Buffer.from([0x88, 5, 1])],
    ['a cut length', Buffer.from([0x89, 5])],
    ['a cut five-byte length', Buffer.from([0xc2, 255, 0])],
    ['a partial length', Buffer.from([0xc2, 0xe1, 1, 2])],
    ['an indeterminate length', Buffer.from([0x8b, 1, 2])],
    ['a length beyond the end', Buffer.from([0xc2, 255, 255, 255, 255, 255])],
  ])('refuses %s', (_, bytes) => {
    expect(() => readPackets(bytes)).toThrow(Failure);
  });

  it('stops at a flood of tiny packets', () => {
    expect(() => readPackets(Buffer.alloc(60_000, Buffer.from([0xca, 0])))).toThrow('too many packets');
  });
});

describe('readMpi', () => {
  it('counts bits', () => {
    expect(readMpi(Buffer.from([0, 9, 1, 2, 3]), 0)).toEqual({ value: Buffer.from([1, 2]), next: 4 });
  });
  it('refuses a number that is cut short', () => {
    expect(() => readMpi(Buffer.from([0, 17, 1, 2]), 0)).toThrow('cut short');
    expect(() => readMpi(Buffer.from([0]), 0)).toThrow('cut short');
  });
});
