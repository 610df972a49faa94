/** A string as SSH writes it: its length in four bytes, then its bytes (RFC 4251 5). */
export function sshString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A number of four bytes (RFC 4251 5). */
export function sshNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Reads what SSH wrote, one value after the other. Every method gives undefined when too little is left. */
export interface SshReader {
  bytes(count: number): Buffer | undefined;
  number(): number | undefined;
  string(): Buffer | undefined;
  rest(): Buffer;
}

export function sshReader(source: Buffer): SshReader {
  let at = 0;
  function bytes(count: number): Buffer | undefined {
    if (at + count > source.length) return undefined;
    at += count;
    return source.subarray(at - count, at);
  }
  const number = (): number | undefined => bytes(4)?.readUInt32BE();
  return {
    bytes,
    number,
    string() {
      const length = number();
      return length === undefined ? undefined : bytes(length);
    },
    rest: () => source.subarray(at),
  };
}
