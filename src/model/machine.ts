import type { Mac } from './mac.ts';
import type { Uuid } from './uuid.ts';

declare const brand: unique symbol;

/** Free text that a machine reports about itself, cleaned: printable, harmless in an iPXE script, at most 128 characters. */
export type Label = string & { readonly [brand]: 'Label' };

/** iPXE's `${platform}`. */
export type Platform = 'pcbios' | 'efi';

/** What the processor is, as iPXE's `${buildarch}` says it (with `cpuid --ext 29` for a 32-bit iPXE on a 64-bit CPU). */
export type MachineArch = 'i386' | 'x86_64' | 'arm32' | 'arm64';

/** What is known of the machine that asks. Everything is optional: settings that iPXE lacks arrive as empty strings. */
export interface MachineFacts {
  readonly mac?: Mac;
  readonly uuid?: Uuid;
  readonly serial?: Label;
  readonly hostname?: Label;
  readonly asset?: Label;
  readonly manufacturer?: Label;
  readonly product?: Label;
  readonly arch?: MachineArch;
  readonly platform?: Platform;
}

// Everything outside becomes "_". Missing on purpose: $ { } (iPXE expands them), # ; & | \ (they end or split an iPXE
// line), quotes, < > (markup). What is left is safe in a script, a page, a path segment's value and a log line.
const UNSAFE = /[^A-Za-z0-9._:/@%+,=~() -]/g;

/**
 * Cleans what a machine says of itself. Undefined when nothing is left (an unset iPXE setting is an empty string) or
 * when it holds control characters or is over 256 characters: no firmware sends that.
 */
export function parseLabel(text: string): Label | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text.length > 256 || /[\u0000-\u001f\u007f]/.test(text)) return undefined;
  const clean = text.replaceAll(UNSAFE, '_').replaceAll(/ +/g, ' ').trim().slice(0, 128).trim();
  return clean === '' ? undefined : (clean as Label);
}

// What GRUB (`$grub_cpu`), dpkg, uname and people call the same processors.
const ARCH_SPELLINGS: ReadonlyMap<string, MachineArch> = new Map([
  ['i386', 'i386'],
  ['i486', 'i386'],
  ['i586', 'i386'],
  ['i686', 'i386'],
  ['x86', 'i386'],
  ['x86_64', 'x86_64'],
  ['x86-64', 'x86_64'],
  ['x64', 'x86_64'],
  ['amd64', 'x86_64'],
  ['arm32', 'arm32'],
  ['arm', 'arm32'],
  ['armhf', 'arm32'],
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
]);

/** The processor that a word means, in iPXE's spelling; undefined for any other word. */
export function parseArch(text: string): MachineArch | undefined {
  return ARCH_SPELLINGS.get(text.toLowerCase());
}

/** By what the journal tells machines apart: the MAC, else `uuid:...`, else `serial:...`. */
export type MachineKey = string;

/** The key of a machine that says who it is; undefined for one that does not. */
export function machineKey({
  mac,
  uuid,
  serial,
}: Pick<MachineFacts, 'mac' | 'uuid' | 'serial'>): MachineKey | undefined {
  if (mac !== undefined) return mac;
  if (uuid !== undefined) return `uuid:${uuid}`;
  return serial === undefined ? undefined : `serial:${serial}`;
}

/**
 * Where a machine is in its life. `unknown`: no profile names it. `assigned`: a profile does, and it has not booted
 * since. `booting`: it got a boot script. `up`: it has phoned home. `installing`: it got an installer. `installed`: the
 * installer has reported, its own disk is in charge. `failed`: it did not phone home within `boot_timeout`, or its
 * installation did not finish as often as the settings allow.
 */
export const MACHINE_STATES = ['unknown', 'assigned', 'booting', 'up', 'installing', 'installed', 'failed'] as const;
export type MachineState = (typeof MACHINE_STATES)[number];
