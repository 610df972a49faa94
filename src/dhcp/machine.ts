import { type BootTarget, type NetbootClient, targetOf } from '../boot/boot-programs.ts';
import { RASPBERRY_PI, type RaspberryPi } from '../boot/raspberry-pi.ts';
import { type Label, parseLabel, parseUuid, type Uuid } from '../model/machine.ts';
import { type DhcpPacket, OPTION } from './packet.ts';

/** A machine that asks to boot from the network. A UUID that identifies no machine (all zeros) is none. */
export interface NetbootMachine extends NetbootClient {
  /** Its own firmware asks, which takes other options than a PXE client. */
  readonly raspberryPi?: RaspberryPi;
  /** `PXEClient` or `HTTPClient`: what the answer must repeat. */
  readonly vendorClass: 'PXEClient' | 'HTTPClient';
}

/** Reasons of machines that want to boot from the network, and cannot from us. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  'no architecture',
  'bad client identifier',
  'unknown architecture',
  RASPBERRY_PI,
]);

/** The machine, or the reason why this packet is none of our business. */
export function netbootMachine(packet: DhcpPacket): NetbootMachine | string {
  const vendorClass = vendorClassOf(packet);
  const guid = packet.options.get(OPTION.uuid);
  const isPi = isRaspberryPi(packet.mac) || PI_NAME.test(guid?.toString('latin1', 1, 5) ?? '');
  // Of a Raspberry Pi only the DISCOVER says its vendor class.
  if (vendorClass === undefined) return isPi && piSerial(guid) !== undefined ? RASPBERRY_PI : 'does not netboot';
  const architecture = packet.options.get(OPTION.architecture);
  if (architecture === undefined) return 'no architecture';
  // Length 0 and no option at all: Intel's boot agents. Anything else that is no type-0 GUID is no PXE client.
  if (guid !== undefined && guid.length !== 0 && (guid.length !== 17 || guid[0] !== 0)) return 'bad client identifier';
  const target = clientTarget(architecture);
  if (target === undefined) return isPi ? RASPBERRY_PI : 'unknown architecture';
  // Its own firmware says that it is a PC with a BIOS. With UEFI on its card it says what it is.
  if (target.platform === 'pcbios' && isPi) return RASPBERRY_PI;
  return { mac: packet.mac, uuid: guid && uuidOf(guid), vendorClass, target, ipxe: isIpxe(packet) };
}

/** `RPi4`, `RPi5`: where a PC has the UUID's first bytes. */
const PI_NAME = /^RPi[3-9]$/;

/** What `netbootMachine` calls RASPBERRY_PI, as a machine. */
export function raspberryPiOf({ mac, options }: DhcpPacket): NetbootMachine {
  const serial = piSerial(options.get(OPTION.uuid));
  const target = { platform: 'efi', arch: 'arm64', http: false } as const;
  return { mac, vendorClass: 'PXEClient', target, ipxe: false, raspberryPi: { mac, serial } };
}

/**
 * Option 97 of its firmware: a type, its name, board, four bytes of MAC, serial number. Before it had the name it was the
 * serial number, four times over.
 */
function piSerial(guid: Buffer | undefined): Label | undefined {
  if (guid?.length !== 17) return undefined;
  const end = guid.toString('hex', 13);
  const says =
    PI_NAME.test(guid.toString('latin1', 1, 5)) || (end !== '00000000' && guid.toString('hex', 1) === end.repeat(4));
  return says ? parseLabel(end) : undefined;
}

/** True for firmware, installers' boot programs and iPXE, false for an operating system that wants an address. */
export function asksToNetboot(packet: DhcpPacket): boolean {
  return vendorClassOf(packet) !== undefined;
}

function vendorClassOf(packet: DhcpPacket): NetbootMachine['vendorClass'] | undefined {
  const vendor = packet.options.get(OPTION.vendorClass)?.toString('latin1') ?? '';
  return (['PXEClient', 'HTTPClient'] as const).find((name) => vendor.startsWith(name));
}

/** Option 93 is a list of 16-bit numbers: the first that we know. */
export function clientTarget(option93: Buffer): BootTarget | undefined {
  if (option93.length % 2 !== 0) return undefined;
  for (let at = 0; at < option93.length; at += 2) {
    const target = targetOf(option93.readUInt16BE(at));
    if (target !== undefined) return target;
  }
  return undefined;
}

/** A Raspberry Pi's own firmware says architecture 0, which it is not; its address gives it away. */
const RASPBERRY = ['28:cd:c1', '2c:cf:67', 'b8:27:eb', 'd8:3a:dd', 'dc:a6:32', 'e4:5f:01'];

export function isRaspberryPi(mac: string): boolean {
  return RASPBERRY.some((prefix) => mac.startsWith(prefix));
}

/**
 * iPXE's user class is the bare word, not RFC 3004's list of counted strings; both spellings count. Option 175 holds
 * iPXE's feature list; undionly loaded from a ROM that hides its user class still sends it.
 */
export function isIpxe(packet: DhcpPacket): boolean {
  const userClass = packet.options.get(OPTION.userClass);
  if (userClass !== undefined && hasClass(userClass, 'iPXE')) return true;
  // A user class of its own that says something else wins over 175: a person set it, as "PXEClient" to look like a ROM.
  return userClass === undefined && packet.options.has(OPTION.ipxe);
}

function hasClass(value: Buffer, name: string): boolean {
  if (value.toString('latin1') === name) return true;
  let at = 0;
  while (at < value.length) {
    const length = value.readUInt8(at);
    if (value.toString('latin1', at + 1, at + 1 + length) === name && at + 1 + length <= value.length) return true;
    at += 1 + length;
  }
  return false;
}

/**
 * The UUID of option 97 (a type byte 0, then 16 bytes) as SMBIOS and iPXE print it. On the wire its first three fields
 * are little-endian: `00 33221100 5544 7766 ...` is 00112233-4455-6677-.... Undefined unless
 * there are 17 bytes of type 0, and for all zeros.
 */
export function uuidOf(option97: Buffer): Uuid | undefined {
  if (option97.length !== 17 || option97[0] !== 0) return undefined;
  const little = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const [one, two, three] = [option97.readUInt32LE(1), option97.readUInt16LE(5), option97.readUInt16LE(7)];
  const [four, five] = [option97.toString('hex', 9, 11), option97.toString('hex', 11)];
  return parseUuid(`${little(one, 8)}-${little(two, 4)}-${little(three, 4)}-${four}-${five}`);
}
