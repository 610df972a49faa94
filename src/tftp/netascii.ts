const LF = 0x0a;
const CR = 0x0d;

/** RFC 764 as RFC 1350 uses it: a line end is CR LF, a lone CR is CR NUL. Every byte stands for itself: no state. */
export function toNetascii(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length * 2);
  let at = 0;
  for (const byte of bytes) {
    if (byte === LF) {
      out[at] = CR;
      out[at + 1] = LF;
      at += 2;
    } else if (byte === CR) {
      out[at] = CR;
      out[at + 1] = 0;
      at += 2;
    } else {
      out[at] = byte;
      at += 1;
    }
  }
  return out.subarray(0, at);
}
