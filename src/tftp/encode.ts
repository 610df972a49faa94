import { OPCODE, type TftpOption, type TftpRequest } from './packet.ts';

/** RRQ or WRQ; for clients (tests, doctor). */
export function encodeRequest(kind: 'rrq' | 'wrq', request: TftpRequest): Buffer {
  const words = [request.name, request.mode, ...request.options.flatMap((option) => [option.name, option.value])];
  return Buffer.concat([opcode(OPCODE[kind]), ...words.map((word) => Buffer.from(`${word}\0`, 'latin1'))]);
}

export function encodeData(block: number, data: Uint8Array): Buffer {
  return Buffer.concat([header(OPCODE.data, block), data]);
}

/** `block` is taken modulo 65536: 65535 is followed by 0. */
export function encodeAck(block: number): Buffer {
  return header(OPCODE.ack, block);
}

export function encodeError(code: number, text: string): Buffer {
  return Buffer.concat([header(OPCODE.error, code), Buffer.from(`${text}\0`, 'latin1')]);
}

/** The options as the client asked for them: same order, same spelling. */
export function encodeOack(options: readonly TftpOption[]): Buffer {
  const words = options.map((option) => Buffer.from(`${option.name}\0${option.value}\0`, 'latin1'));
  return Buffer.concat([opcode(OPCODE.oack), ...words]);
}

function opcode(code: number): Buffer {
  return Buffer.from([0, code]);
}

function header(code: number, second: number): Buffer {
  return Buffer.from([0, code, (second >>> 8) & 0xff, second & 0xff]);
}
