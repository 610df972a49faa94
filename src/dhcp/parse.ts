import { readOptions } from './read-options.ts';
import { dotted, HEADER, MAGIC, MAX_PACKET, OPTION, type DhcpPacket } from './packet.ts';

export type ParsedDhcp =
  { readonly ok: true; readonly packet: DhcpPacket } | { readonly ok: false; readonly reason: string };

const FILE = { start: 108, end: 236 };
const SNAME = { start: 44, end: 108 };

/** Reads any bytes (RFC 2131 section 2); never throws. The reasons are fixed words: they name a counter. */
export function parseDhcp(bytes: Buffer): ParsedDhcp {
  if (bytes.length < HEADER + 1) return reject('too short');
  if (bytes.length > MAX_PACKET) return reject('too long');
  if (bytes.readUInt32BE(HEADER - 4) !== MAGIC) return reject('no magic cookie');
  if (bytes[1] !== 1 || bytes[2] !== 6) return reject('not Ethernet');
  const options = new Map<number, Buffer>();
  const main = readOptions(bytes.subarray(HEADER), options);
  if (main !== undefined) return reject(main);
  const overload = options.get(OPTION.overload);
  if (overload !== undefined) {
    const broken = readOverloaded(bytes, overload, options);
    if (broken !== undefined) return reject(broken);
  }
  const fileHoldsOptions = ((overload?.[0] ?? 0) & 1) === 1;
  return {
    ok: true,
    packet: {
      op: bytes.readUInt8(0),
      hops: bytes.readUInt8(3),
      xid: bytes.readUInt32BE(4),
      secs: bytes.readUInt16BE(8),
      flags: bytes.readUInt16BE(10),
      ciaddr: dotted(bytes, 12),
      yiaddr: dotted(bytes, 16),
      siaddr: dotted(bytes, 20),
      giaddr: dotted(bytes, 24),
      mac: bytes.toString('hex', 28, 34).replaceAll(/(..)(?!$)/g, '$1:'),
      file: fileHoldsOptions ? '' : text(bytes.subarray(FILE.start, FILE.end)),
      options,
    },
  };
}

/** RFC 2132 9.3: the file field first, then sname. They may not say again that there is more. */
function readOverloaded(bytes: Buffer, overload: Buffer, options: Map<number, Buffer>): string | undefined {
  const value = overload[0] ?? 0;
  if (overload.length !== 1 || value < 1 || value > 3) return 'bad overload';
  const fields = [...((value & 1) === 1 ? [FILE] : []), ...((value & 2) === 2 ? [SNAME] : [])];
  for (const { start, end } of fields) {
    const broken = readOptions(bytes.subarray(start, end), options);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function reject(reason: string): ParsedDhcp {
  return { ok: false, reason };
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? field.length : end);
}
