import { errorText, OPCODE, type TftpOption, type TftpRequest } from '../../src/tftp/packet.ts';

/** What a server sends, as a client reads it. */
export type TftpAnswer =
  | { readonly kind: 'data'; readonly block: number; readonly data: Buffer }
  | { readonly kind: 'error'; readonly code: number; readonly text: string }
  | { readonly kind: 'oack'; readonly options: readonly TftpOption[] }
  | { readonly kind: 'nonsense' };

export function parseAnswer(bytes: Buffer): TftpAnswer {
  const opcode = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (opcode === OPCODE.oack) {
    const words = bytes.toString('latin1', 2).split('\0').slice(0, -1);
    const options = words.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: words[i + 1] ?? '' }] : []));
    return { kind: 'oack', options };
  }
  if (bytes.length < 4) return { kind: 'nonsense' };
  const second = bytes.readUInt16BE(2);
  if (opcode === OPCODE.data) return { kind: 'data', block: second, data: bytes.subarray(4) };
  return opcode === OPCODE.error ? { kind: 'error', code: second, text: errorText(bytes) } : { kind: 'nonsense' };
}

export function encodeRequest(kind: 'rrq' | 'wrq', request: TftpRequest): Buffer {
  const words = [request.name, request.mode, ...request.options.flatMap((option) => [option.name, option.value])];
  return Buffer.concat([Buffer.from([0, OPCODE[kind]]), ...words.map((word) => Buffer.from(`${word}\0`, 'latin1'))]);
}

export function encodeData(block: number, data: Uint8Array): Buffer {
  return Buffer.concat([header(OPCODE.data, block), data]);
}

/** `block` is taken modulo 65536: 65535 is followed by 0. */
export function encodeAck(block: number): Buffer {
  return header(OPCODE.ack, block);
}

function header(opcode: number, second: number): Buffer {
  return Buffer.from([0, opcode, (second >>> 8) & 0xff, second & 0xff]);
}
