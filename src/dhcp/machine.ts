import { OPTION, type DhcpPacket } from './packet.ts';
import { clientTarget, isRaspberryPi, type Target } from './architecture.ts';
import { uuidOf } from './uuid.ts';

/** A machine that asks to boot from the network. */
export interface NetbootMachine {
  readonly mac: string;
  /** As SMBIOS prints it; undefined when the firmware sent none. All zeros is possible: it identifies nobody. */
  readonly uuid: string | undefined;
  /** `PXEClient` or `HTTPClient`: what the answer must repeat. */
  readonly vendorClass: 'PXEClient' | 'HTTPClient';
  readonly target: Target;
  /** It runs iPXE already: it wants a script, never a binary. */
  readonly ipxe: boolean;
}

/** True for firmware, installers' boot programs and iPXE, false for an operating system that wants an address. */
export function asksToNetboot(packet: DhcpPacket): boolean {
  return vendorClassOf(packet) !== undefined;
}

function vendorClassOf(packet: DhcpPacket): NetbootMachine['vendorClass'] | undefined {
  const vendor = packet.options.get(OPTION.vendorClass)?.toString('latin1') ?? '';
  return (['PXEClient', 'HTTPClient'] as const).find((name) => vendor.startsWith(name));
}

/** Why a Raspberry Pi is left out: its own firmware wants files of its own, no boot program. */
export const RASPBERRY_PI = 'the firmware of a Raspberry Pi';

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
  if (vendorClass === undefined) return 'does not netboot';
  const architecture = packet.options.get(OPTION.architecture);
  if (architecture === undefined) return 'no architecture';
  const guid = packet.options.get(OPTION.uuid);
  // Length 0 and no option at all: Intel's boot agents. Anything else that is no type-0 GUID is no PXE client.
  if (guid !== undefined && guid.length !== 0 && (guid.length !== 17 || guid[0] !== 0)) return 'bad client identifier';
  const target = clientTarget(architecture);
  if (target === undefined) return isRaspberryPi(packet.mac) ? RASPBERRY_PI : 'unknown architecture';
  // Its own firmware says that it is a PC with a BIOS. With UEFI on its card it says what it is.
  if (target.platform === 'pcbios' && isRaspberryPi(packet.mac)) return RASPBERRY_PI;
  return { mac: packet.mac, uuid: guid && uuidOf(guid), vendorClass, target, ipxe: isIpxe(packet) };
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
