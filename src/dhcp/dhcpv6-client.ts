import { createHash } from 'node:crypto';
import { ipv6Bytes } from '../model/ipv6.ts';
import { type Mac, macOfBytes, omitUndefined, parseUuid, type Uuid } from '../model/machine.ts';
import { type Dhcp6Packet, OPTION6, type Relay6, strings6 } from './dhcpv6-packet.ts';
import { clientTarget, type NetbootMachine } from './machine.ts';

/** Who asks by DHCPv6. */
export interface Client6 {
  /** Its identifier (DUID), which is another one in firmware, in iPXE and in the system. Empty: it says none. */
  readonly duid: Buffer;
  /** The card that asks, as the wire says it: undefined where nothing does. */
  readonly card: Mac | undefined;
  /** A card of the machine: the one that asks, else the one in its identifier. */
  readonly mac: Mac | undefined;
  readonly uuid: Uuid | undefined;
}

const ETHERNET = 1;
/** RFC 8415 11.1: a longer identifier is none. */
const MOST_DUID = 130;
const NONE = Buffer.alloc(0);

/**
 * By its relay's word (RFC 6939), else by its link-local address, which firmware and iPXE make of their card; else by
 * its identifier, which a question for information may leave out.
 */
export function clientOf6({ options, relays }: Dhcp6Packet, from: string): Client6 {
  const [said = NONE] = options.get(OPTION6.clientId) ?? [];
  const duid = said.length < 3 || said.length > MOST_DUID ? NONE : said;
  const nearest = relays.at(-1);
  const card = nearest === undefined ? cardOfAddress(from) : (relayed(nearest) ?? cardOfAddress(nearest.peer));
  const named = namedBy(duid);
  return { duid, card, mac: card ?? named.mac, uuid: named.uuid };
}

function relayed({ options }: Relay6): Mac | undefined {
  const [value] = options.get(OPTION6.linkLayer) ?? [];
  if (value?.length !== 8 || value.readUInt16BE(0) !== ETHERNET) return undefined;
  return card(value.subarray(2));
}

/** RFC 4291, appendix A: ff:fe between the halves of the card's address, and one bit turned. */
function cardOfAddress(address: string): Mac | undefined {
  if (!address.toLowerCase().startsWith('fe80:')) return undefined;
  const bytes = ipv6Bytes(address);
  if (bytes.readUInt16BE(11) !== 0xfffe) return undefined;
  const mac = Buffer.concat([bytes.subarray(8, 11), bytes.subarray(13)]);
  mac.writeUInt8(mac.readUInt8(0) ^ 2, 0);
  return card(mac);
}

/** RFC 8415 11.2 (a card and a time), 11.4 (a card), RFC 6355 (a UUID). */
function namedBy(duid: Buffer): { mac?: Mac; uuid?: Uuid } {
  if (duid.length === 0) return {};
  const [type, hardware] = [duid.readUInt16BE(0), duid.length < 4 ? 0 : duid.readUInt16BE(2)];
  if (type === 1 && hardware === ETHERNET && duid.length === 14) return omitUndefined({ mac: card(duid.subarray(8)) });
  if (type === 3 && hardware === ETHERNET && duid.length === 10) return omitUndefined({ mac: card(duid.subarray(4)) });
  if (type !== 4 || duid.length !== 18) return {};
  const text = duid.toString('hex', 2).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return omitUndefined({ uuid: parseUuid(text) });
}

function card(bytes: Buffer): Mac | undefined {
  return bytes.every((byte) => byte === 0) ? undefined : macOfBytes(bytes);
}

/** The lower half of an address, made of the card, so that a machine keeps it from firmware to system; else of the identifier. */
export function hostPart({ mac, duid }: Client6, nth: number): Buffer {
  const bytes = Buffer.alloc(8);
  // 0 and 1 are first choices; what was refused moves on by two.
  bytes.writeUInt16BE(2 * nth + (mac === undefined ? 1 : 0), 0);
  if (mac !== undefined) bytes.write(mac.replaceAll(':', ''), 2, 'hex');
  else createHash('sha256').update(duid).digest().copy(bytes, 2, 0, 6);
  return bytes;
}

/** The machine that wants to boot from the network; or why it gets no boot program. */
export function netbootMachine6({ options }: Dhcp6Packet, client: Client6): NetbootMachine | string {
  const classes = (options.get(OPTION6.vendorClass) ?? []).flatMap((value) => strings6(value.subarray(4)));
  const vendorClass = (['PXEClient', 'HTTPClient'] as const).find((name) =>
    classes.some((text) => text.startsWith(name)),
  );
  const [architecture] = options.get(OPTION6.architecture) ?? [];
  if (vendorClass === undefined && architecture === undefined) return 'does not netboot';
  if (architecture === undefined) return 'no architecture';
  const target = clientTarget(architecture);
  if (target === undefined) return 'unknown architecture';
  if (client.mac === undefined) return 'no network card is known of it';
  const [userClass] = options.get(OPTION6.userClass) ?? [];
  const ipxe =
    userClass !== undefined && (strings6(userClass).includes('iPXE') || userClass.equals(Buffer.from('iPXE')));
  const { mac, uuid } = client;
  return { ...omitUndefined({ mac, uuid }), mac, vendorClass: target.http ? 'HTTPClient' : 'PXEClient', target, ipxe };
}
