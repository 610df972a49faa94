import { OPTION } from './packet.ts';

/**
 * Reads one field of options into `into`; the reason when it is broken. It must end with option 255. An option that
 * comes again continues the earlier one only where that filled all its 255 bytes (RFC 3396); anything else that comes
 * twice is an attack or a bug, and which of the two counts is anybody's guess.
 */
export function readOptions(field: Buffer, into: Map<number, Buffer>): string | undefined {
  const full = new Set<number>();
  let at = 0;
  while (at < field.length) {
    const code = field.readUInt8(at);
    if (code === OPTION.end) return undefined;
    if (code === OPTION.pad) {
      at += 1;
      continue;
    }
    const length = field[at + 1];
    if (length === undefined || at + 2 + length > field.length) return 'option past the end';
    const value = field.subarray(at + 2, at + 2 + length);
    const earlier = into.get(code);
    if (earlier !== undefined && !full.has(code)) return 'duplicate option';
    into.set(code, earlier === undefined ? value : Buffer.concat([earlier, value]));
    if (length === 255) full.add(code);
    else full.delete(code);
    at += 2 + length;
  }
  return 'no end option';
}
