/**
 * The UUID of option 97 (a type byte 0, then 16 bytes) as SMBIOS and iPXE print it. On the wire its first three fields
 * are little-endian: `00 33221100 5544 7766 ...` is 00112233-4455-6677-.... Undefined unless there are 17 bytes, type 0.
 */
export function uuidOf(option97: Buffer): string | undefined {
  if (option97.length !== 17 || option97[0] !== 0) return undefined;
  const guid = Buffer.from(option97.subarray(1));
  guid.subarray(0, 4).reverse();
  guid.subarray(4, 6).reverse();
  guid.subarray(6, 8).reverse();
  return guid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
