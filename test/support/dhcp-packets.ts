import { type DhcpFields, type DhcpPacket, encodeDhcp, parseDhcp } from '../../src/dhcp/packet.ts';

type Options = DhcpFields['options'];

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The UUID c6c30f6a-4a1b-4337-8325-c4c2543ad437 as firmware sends it. */
export const GUID = hex('00 6a0fc3c6 1b4a 3743 8325 c4c2543ad437');
export const MAC = '52:54:00:55:1c:ee';

const IPXE_LIST = ascii('\x01\x03\x06\x07\x0c\x0f\x11\x1a\x2b\x3c\x42\x43\x77\x80\x81\x82\x83\x84\x85\x86\x87\xaf\xcb');

/** What each firmware sent beside its message type: QEMU 7.2, captured 2026-11. */
export const FIRMWARE: Readonly<Record<string, Options>> = {
  'iPXE 1.0.0+git-20190125, BIOS ROM': [
    [57, hex('05c0')],
    [93, hex('0000')],
    [94, hex('010201')],
    [60, ascii('PXEClient:Arch:00000:UNDI:002001')],
    [77, ascii('iPXE')],
    [55, IPXE_LIST],
    [
      175,
      hex(
        'b105011af41000 eb03010000 170101 220101 130101 110101 270101 190101 290101 100102 210101 150101 180101 120101',
      ),
    ],
    [61, hex('015254004751e4')],
    [97, hex('00'.repeat(17))],
  ],
  'OVMF 2022.11, PXEv4': [
    [57, hex('05c0')],
    [55, hex('0102030405060c0d0f111216171c28292a2b3233363a3b3c42436180818283848586 87')],
    [97, GUID],
    [94, hex('010300')],
    [93, hex('0007')],
    [60, ascii('PXEClient:Arch:00007:UNDI:003000')],
  ],
  'OVMF 2022.11, HTTPv4': [
    [57, hex('05c0')],
    [55, hex('0102030405060c0d0f111216171c28292a2b3233363a3b3ceb4361')],
    [97, GUID],
    [94, hex('010300')],
    [93, hex('0010')],
    [60, ascii('HTTPClient:Arch:00016:UNDI:003000')],
  ],
  'iPXE 1.0.0+git-20190125, snponly.efi': [
    [57, hex('05c0')],
    [93, hex('0007')],
    [94, hex('01030a')],
    [60, ascii('PXEClient:Arch:00007:UNDI:003010')],
    [77, ascii('iPXE')],
    [55, IPXE_LIST],
    [175, hex('b105011af41000 eb03010000 170101 240101 130101 110101 270101 290101 150101 120101')],
    [61, hex('01525400551cee')],
    [97, GUID],
  ],
};

/** A machine's DISCOVER with these options behind its message type. */
export function discover(options: Options, fields: Partial<DhcpFields> = {}): Buffer {
  return question(1, options, fields);
}

/** Any message type; without one when `type` is 0. */
export function question(type: number, options: Options, fields: Partial<DhcpFields> = {}): Buffer {
  const first: Options = type === 0 ? [] : [[53, Buffer.from([type])]];
  return encodeDhcp({ op: 1, xid: 0xbde6ccf0, flags: 0x8000, mac: MAC, ...fields, options: [...first, ...options] });
}

/** The options of a firmware by its name, some replaced or (undefined) left out. */
export function optionsOf(firmware: string, changes: Readonly<Record<number, Buffer | undefined>> = {}): Options {
  const known = FIRMWARE[firmware] ?? [];
  const kept = known.filter(([code]) => !Object.hasOwn(changes, code));
  const changed = Object.entries(changes).flatMap(([code, value]) =>
    value === undefined ? [] : [[Number(code), value] as const],
  );
  return [...kept, ...changed];
}

export function parsed(bytes: Buffer): DhcpPacket {
  const result = parseDhcp(bytes);
  if (!result.ok) throw new Error(`not a DHCP packet: ${result.reason}`);
  return result.packet;
}

/** A packet as lines that a person can read and diff. */
export function describePacket(bytes: Buffer): string {
  const packet = parsed(bytes);
  const head = `op=${packet.op} xid=${packet.xid.toString(16)} flags=${packet.flags.toString(16)} ci=${packet.ciaddr}`;
  const more = `yi=${packet.yiaddr} si=${packet.siaddr} gi=${packet.giaddr} mac=${packet.mac} file='${packet.file}'`;
  const options = [...packet.options].map(([code, value]) => `  ${code} ${readable(value)}`);
  return [`${head} ${more} len=${bytes.length}`, ...options].join('\n');
}

function readable(value: Buffer): string {
  const text = value.toString('latin1');
  return value.length > 2 && /^[\x20-\x7e]+$/.test(text) ? `"${text}"` : value.toString('hex');
}
