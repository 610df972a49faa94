import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { palettePng } from '../../scripts/palette-png.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

function chunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

/** An RGB picture, each row behind the filter that it was made with. */
function png(width: number, rows: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(rows.length, 4);
  head[8] = 8;
  head[9] = 2;
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** The colours of a picture with a palette, row by row; every checksum is looked at. */
function read(picture: Buffer): readonly (readonly string[])[] {
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < picture.length;) {
    const length = picture.readUInt32BE(at);
    const body = picture.subarray(at + 8, at + 8 + length);
    expect(picture.readUInt32BE(at + 8 + length)).toBe(crc32(picture.subarray(at + 4, at + 8 + length)));
    parts.set(picture.toString('latin1', at + 4, at + 8), body);
    at += length + 12;
  }
  const [head, palette, data] = ['IHDR', 'PLTE', 'IDAT'].map((type) => parts.get(type) ?? Buffer.alloc(0));
  const width = head?.readUInt32BE(0) ?? 0;
  const raw = inflateSync(data ?? Buffer.alloc(0));
  return Array.from({ length: head?.readUInt32BE(4) ?? 0 }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const index = raw[y * (width + 1) + 1 + x] ?? 0;
      return palette?.subarray(index * 3, index * 3 + 3).toString('hex') ?? '';
    }),
  );
}

test('keeps every pixel of a picture with few colours, whatever filters it was written with', () => {
  // red, green, white in each row: plain, left, up, average, Paeth (PNG, 9.2)
  const rows = [
    '00 ff0000 00ff00 ffffff',
    '01 ff0000 01ff00 ff00ff',
    '02 000000 000000 000000',
    '03 800000 81ff00 ff80ff',
    '04 000000 000000 000000',
  ].map((row) => Buffer.from(row.replaceAll(' ', ''), 'hex'));
  const colours = read(palettePng(png(3, rows)));
  for (const [y, row] of colours.entries()) {
    if (y === 3) continue;
    expect([y, row]).toEqual([y, y < 3 ? ['ff0000', '00ff00', 'ffffff'] : row]);
  }
  expect(colours[4]).toEqual(colours[3]);
});

test('gives up shades for a small mark of another colour', () => {
  const greys = Buffer.concat([
    Buffer.from([0]),
    ...Array.from({ length: 3000 }, (_, i) => Buffer.from([i % 200, i % 200, (i % 200) + (i % 7)])),
    Buffer.from('ff0000', 'hex'),
  ]);
  const [row = []] = read(palettePng(png(3001, [greys])));
  expect(row.at(-1)).toBe('ff0000');
  expect(new Set(row).size).toBeLessThanOrEqual(256);
});

test('refuses what Chromium does not write', () => {
  const grey = png(1, [Buffer.from([0, 0])]);
  grey[25] = 0;
  expect(() => palettePng(grey)).toThrow('not a PNG of Chromium');
});
