import { Failure } from '../model/failure.ts';
import type { BootProgram } from '../model/plan.ts';
import { BOOT_PROGRAMS } from './boot-program-table.ts';

/** What a file is that a machine's firmware could start. */
export interface ProgramFacts {
  readonly platform: 'efi' | 'pcbios';
  /** As in the table of boot programs; others as their makers write them (`riscv64`). */
  readonly arch: string;
  readonly kind: BootProgram['kind'];
  /** As it says itself; a BIOS program is packed and says nothing. */
  readonly version?: string;
  /** Of GRUB: where it looks for its configuration. */
  readonly prefix?: string;
}

/**
 * Reads what a boot program is from its own bytes. Throws Failure `invalid`, which says what it is instead, for anything
 * that is neither iPXE nor GRUB nor a shim: a machine would hang on it, or go on to its next boot entry without a word.
 */
export function programFacts(bytes: Buffer): ProgramFacts {
  const other = OTHERS.find(([, is]) => is(bytes));
  if (other !== undefined) throw no(other[0]);
  // iPXE's .kpxe and .pxe begin with a far jump into themselves (its prefix/pxeprefix.S).
  if (bytes[0] === 0xea && bytes.length < 0xa0000) return { platform: 'pcbios', arch: 'x86_64', kind: 'ipxe' };
  const pe = peFacts(bytes);
  if (pe === undefined) throw no('neither a UEFI program (PE) nor a BIOS one (NBP)');
  if (pe.subsystem !== EFI_APPLICATION) throw no('a PE program, but no UEFI application');
  return { platform: 'efi', arch: pe.arch, ...makerOf(bytes, pe) };
}

/**
 * The row of the table that a program with these facts is. A name that stands for another kind of machine is refused;
 * `ipxe.efi` and `snponly.efi` stand for any, because a release has them in a folder for each. Throws Failure `invalid`.
 */
export function programOf(facts: ProgramFacts, name: string): BootProgram {
  refuseElsewhere(facts);
  const base = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  const named = BOOT_PROGRAMS.find((row) => row.name === base || row.files.includes(base));
  if (named !== undefined && !/^(?:ipxe|snponly)\.efi$/.test(base) && !isFor(named, facts)) throw misnamed(facts, named);
  const fitting = BOOT_PROGRAMS.filter((row) => isFor(row, facts) && row.kind === facts.kind);
  // x86_64 has two: the one that leaves the network card to the firmware, and the one that drives it.
  const found = fitting.find((row) => row.name.includes('snp') === base.includes('snp')) ?? fitting[0];
  if (found === undefined) throw no(`${factsText(facts)}: no such machine is booted from here`);
  return found;
}

/** Throws Failure `invalid` for a file that stands at a program's place and is for other machines, or another program. */
export function checkProgram(program: BootProgram, facts: ProgramFacts): void {
  // Which shim is iPXE's own shows by what it loads; at its place in a release any shim is that one.
  const isKind = facts.kind === program.kind || (program.kind === 'ipxe-shim' && facts.kind === 'shim');
  if (!isFor(program, facts) || !isKind) throw misnamed(facts, program);
  refuseElsewhere(facts);
}

/** Packages have a GRUB for the disk (`/EFI/debian`), for a CD (`/boot/grub`) and for the network beside each other. */
function refuseElsewhere({ prefix = SERVED_PREFIX, arch }: ProgramFacts): void {
  if (prefix === SERVED_PREFIX) return;
  const short = arch === 'arm64' ? 'aa64' : 'x64';
  throw new Failure('invalid', `it is a GRUB that looks for its configuration in ${prefix}, not in ${SERVED_PREFIX}`, {
    remedy: `take the build for the network: grubnet${short}.efi.signed of the same package`,
  });
}

const SERVED_PREFIX = '/grub';

/** `iPXE 2.0.0 for UEFI x86_64` */
function factsText({ platform, arch, kind, version }: ProgramFacts): string {
  const what = { grub: 'GRUB', ipxe: 'iPXE', shim: 'a shim', 'ipxe-shim': "iPXE's shim", 'signed-ipxe': 'signed iPXE' };
  const said = version === undefined ? '' : ` ${version}`;
  return `${what[kind]}${said} for ${platform === 'efi' ? `UEFI ${arch}` : 'BIOS'}`;
}

const EFI_APPLICATION = 10;
/** Microsoft's PE format, 3.3.1, without what no UEFI is made for. */
const PE_MACHINES: ReadonlyMap<number, string> = new Map([
  [0x14c, 'i386'],
  [0x1c2, 'arm32'],
  [0x1c4, 'arm32'],
  [0x5064, 'riscv64'],
  [0x6264, 'loong64'],
  [0x8664, 'x86_64'],
  [0xaa64, 'arm64'],
]);

interface PeFacts {
  readonly arch: string;
  readonly subsystem: number;
  /** It carries an Authenticode signature; whose is not looked at. */
  readonly signed: boolean;
}

function peFacts(bytes: Buffer): PeFacts | undefined {
  if (bytes.length < 0x40 || bytes.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const at = bytes.readUInt32LE(0x3c);
  // The header, the optional header and its first five directories.
  if (at + 24 + 112 + 40 > bytes.length || bytes.toString('latin1', at, at + 4) !== 'PE\0\0') return undefined;
  const machine = bytes.readUInt16LE(at + 4);
  const optional = at + 24;
  const directories = optional + (bytes.readUInt16LE(optional) === 0x20b ? 112 : 96);
  return {
    arch: PE_MACHINES.get(machine) ?? `machine type 0x${machine.toString(16)}`,
    subsystem: bytes.readUInt16LE(optional + 68),
    signed: bytes.readUInt32LE(directories + 4 * 8 + 4) > 0,
  };
}

/** A shim and GRUB carry a list of what they are made of (SBAT); iPXE says its name and version among its texts. */
function makerOf(bytes: Buffer, { signed, arch }: PeFacts): Pick<ProgramFacts, 'kind' | 'version'> {
  const text = bytes.toString('latin1');
  if (/(?:^|\n|\0)shim,\d+,UEFI shim,/.test(text)) {
    const version = /\nshim\.[\w.-]+,\d+,[^,\n]*,shim,([\w.+~-]+),/.exec(text)?.[1];
    // What it loads when nothing else is said stands in it, in UTF-16.
    const own = bytes.includes(Buffer.from('ipxe.efi', 'utf16le'));
    return { kind: own ? 'ipxe-shim' : 'shim', ...(version === undefined ? {} : { version }) };
  }
  const grub = /\ngrub,\d+,[^,\n]*,grub,([\w.+~-]+),/.exec(text);
  if (grub?.[1] !== undefined) {
    const prefix = grubPrefix(bytes);
    return { kind: 'grub', version: grub[1], ...(prefix === undefined ? {} : { prefix }) };
  }
  if (!text.includes('iPXE') || !text.includes('ipxe.org'))
    throw no(`a UEFI program for ${arch}, but neither iPXE nor GRUB nor a shim`);
  const version = /\0(\d+\.\d+\.\d+[\w.+~-]*)(?:\0| \()/.exec(text)?.[1];
  return { kind: signed ? 'signed-ipxe' : 'ipxe', ...(version === undefined ? {} : { version }) };
}

/**
 * What grub-mkimage wrote behind its modules' head: `struct grub_module_info64` (magic, padding, offset, size), then for each
 * module a type, its whole size, its bytes; the prefix is of type 3 (include/grub/kernel.h of GRUB 2.06).
 */
function grubPrefix(bytes: Buffer): string | undefined {
  for (let head = bytes.indexOf('mimg'); head !== -1; head = bytes.indexOf('mimg', head + 1)) {
    if (head + 24 > bytes.length || bytes.readBigUInt64LE(head + 8) !== 24n) continue;
    const end = Math.min(head + Number(bytes.readBigUInt64LE(head + 16)), bytes.length);
    for (let at = head + 24; at + 8 <= end;) {
      const [type, size] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      if (type === 3) return bytes.toString('latin1', at + 8, Math.min(at + size, at + 264)).replace(/\0.*$/s, '');
      if (size < 8) break;
      at += size;
    }
  }
  return undefined;
}

const starts =
  (...signs: readonly string[]) =>
  (bytes: Buffer): boolean =>
    signs.some((sign) => bytes.subarray(0, sign.length).toString('latin1') === sign);
const OTHERS: readonly (readonly [what: string, is: (bytes: Buffer) => boolean])[] = [
  ['empty', (bytes) => bytes.length === 0],
  ['packed by gzip and no archive', starts('\x1f\x8b')],
  ['a zip archive: unpack it first', starts('PK\x03\x04')],
  ['a Debian package: unpack it first (dpkg-deb -x)', starts('!<arch>\n')],
  ['an RPM package: unpack it first', starts('\xed\xab\xee\xdb')],
  ['a program of an operating system (ELF)', starts('\x7fELF')],
  ['a boot script, no program', starts('#!ipxe')],
  ['a web page: a proxy or a captive portal may have answered', (bytes) => /^\s*</.test(bytes.toString('latin1', 0, 64))],
  ['a CD image', (bytes) => bytes.toString('latin1', 0x8001, 0x8006) === 'CD001'],
];

function isFor(row: BootProgram, { platform, arch }: ProgramFacts): boolean {
  return row.platform === platform && row.arch === arch;
}

function misnamed(facts: ProgramFacts, row: BootProgram): Failure {
  return no(`${factsText(facts)}, and no ${row.title}${row.kind === 'ipxe' ? ' iPXE' : ''} (${row.name})`);
}

function no(what: string): Failure {
  return new Failure('invalid', `it is ${what}`);
}
