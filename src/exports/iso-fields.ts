/** A number of 32 bits in both byte orders (ECMA-119 7.3.3). */
export function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** A number of 16 bits in both byte orders (ECMA-119 7.2.3). */
export function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

/** Text in a field of fixed length, filled with spaces. */
export function padded(text: string, length: number): Buffer {
  return Buffer.from(text.padEnd(length, ' '), 'latin1');
}
