import { BOOT_PROGRAMS } from '../images/boot-program-table.ts';
import type { FirmwareStore, ProgramFile } from '../images/firmware.ts';
import { type Mac, type MachineArch, omitUndefined, parseMac, type Platform, type Uuid } from '../model/machine.ts';
import type { BootProgram, Origin } from '../model/plan.ts';
import type { BootService } from './boot-service.ts';

/** What a machine can run, and how its firmware fetches it. */
export interface BootTarget {
  readonly platform: Platform;
  readonly arch: MachineArch;
  /** UEFI HTTP Boot: the boot file is a URL. */
  readonly http: boolean;
}

/** A machine that asks by DHCP to boot from the network. */
export interface NetbootClient {
  readonly mac: Mac;
  readonly uuid?: Uuid;
  readonly target: BootTarget;
  /** It runs iPXE already: it wants a script, never a binary. */
  readonly ipxe: boolean;
}

/** What a machine shall load: a file name for TFTP or a URL; or why nothing. */
export type BootOffer = { readonly file: string } | { readonly silence: string };

export interface BootFileQuestion {
  /** Cleaned and relative: `undionly.kpxe`, `pxelinux.cfg/01-52-54-00-55-1c-ee`. */
  readonly name: string;
  readonly origin: Origin;
  /** iPXE asks: a boot program, which it already is, would load itself for ever. It gets the start script instead. */
  readonly ipxe: boolean;
  /** The address that asks. */
  readonly asker?: string;
}

export type BootFile =
  | { readonly kind: 'text'; readonly text: string; readonly because: string }
  /** `file` is undefined where this host does not have the program. */
  | { readonly kind: 'program'; readonly program: BootProgram; readonly file: ProgramFile | undefined }
  /** Below images/. */
  | { readonly kind: 'image'; readonly path: string };

/** The one place for a boot program: DHCP names it, TFTP and UEFI HTTP Boot hand it out, and all three ask here. */
export interface BootPrograms {
  /** For DHCP: what this machine shall load from us. */
  offer(client: NetbootClient, origin: Origin): BootOffer;
  /** For TFTP and HTTP: the file of a name; undefined when there is none, or nothing to say to this machine. */
  open(question: BootFileQuestion): Promise<BootFile | undefined>;
}

export interface BootProgramsOptions {
  readonly bootService: Pick<BootService, 'loaderConfig' | 'netboot' | 'start'>;
  readonly firmware: Pick<FirmwareStore, 'has' | 'open'>;
  /** Machines that boot their own disk get no offer: their firmware then goes on to the disk by itself. */
  readonly silentForLocal: boolean;
}

export function createBootPrograms({ bootService, firmware, silentForLocal }: BootProgramsOptions): BootPrograms {
  return {
    offer({ mac, uuid, target, ipxe }, origin) {
      if (silentForLocal && bootService.netboot(omitUndefined({ mac, uuid })) === 'local')
        return { silence: 'it boots its own disk' };
      if (ipxe) return { file: `${origin}/boot.ipxe` };
      const program = programFor(target);
      if (program === undefined || !firmware.has(program)) {
        return { silence: `no boot program for ${program?.title ?? target.arch}` };
      }
      return { file: target.http ? `${origin}/firmware/${program.name}` : program.name };
    },
    async open({ name, origin, ipxe, asker }) {
      if (START_NAMES.test(name)) {
        return { kind: 'text', text: bootService.start(origin), because: 'the start script by its name' };
      }
      const program = programNamed(name);
      if (program !== undefined) {
        if (!ipxe || !program.kind.endsWith('ipxe'))
          return { kind: 'program', program, file: await firmware.open(program) };
        const because = `iPXE asks for ${program.name}, which it already is: it gets the start script`;
        return { kind: 'text', text: bootService.start(origin), because };
      }
      if (name.startsWith(IMAGES)) return { kind: 'image', path: name.slice(IMAGES.length) };
      const [, loader, address = ''] = PER_MAC.exec(name) ?? [];
      const mac = parseMac(address.replaceAll(':', '-'));
      if (mac === undefined) return undefined;
      const config = await bootService.loaderConfig(loader === 'grub.cfg-' ? 'grub' : 'pxelinux', {
        facts: { mac },
        origin,
        asker,
      });
      return config === undefined ? undefined : { kind: 'text', ...config };
    },
  };
}

const IMAGES = 'images/';
const START_NAMES = /(?:^|\/)(?:autoexec|boot)\.ipxe(?:\.0)?$/;
// pxelinux.cfg/01-MAC (01 is Ethernet's ARP type), GRUB's grub.cfg-01-MAC, each in any folder.
const PER_MAC = /(?:^|\/)(pxelinux\.cfg\/|grub\.cfg-)01-([0-9a-fA-F]{2}(?:[-:][0-9a-fA-F]{2}){5})$/;

/**
 * What firmware says of itself in DHCP's option 93: RFC 4578 2.1 with IANA's additions, and the field's usage. x64 UEFI
 * is 7 in RFC 4578's text and 9 in its erratum; firmware sends either. 21-24 (U-Boot) and 41 (Raspberry Pi) want other
 * things than a boot program.
 */
const TARGETS: ReadonlyMap<number, BootTarget> = new Map([
  [0, { platform: 'pcbios', arch: 'x86_64', http: false }],
  [6, { platform: 'efi', arch: 'i386', http: false }],
  [7, { platform: 'efi', arch: 'x86_64', http: false }],
  [9, { platform: 'efi', arch: 'x86_64', http: false }],
  [10, { platform: 'efi', arch: 'arm32', http: false }],
  [11, { platform: 'efi', arch: 'arm64', http: false }],
  [15, { platform: 'efi', arch: 'i386', http: true }],
  [16, { platform: 'efi', arch: 'x86_64', http: true }],
  [18, { platform: 'efi', arch: 'arm32', http: true }],
  [19, { platform: 'efi', arch: 'arm64', http: true }],
  [20, { platform: 'pcbios', arch: 'x86_64', http: true }],
]);

/** What an architecture number means; undefined for one that no boot program is for. */
export function targetOf(architecture: number): BootTarget | undefined {
  return TARGETS.get(architecture);
}

/** The boot program of a kind of machine. */
export function programFor({ platform, arch, http }: BootTarget): BootProgram | undefined {
  const fitting = BOOT_PROGRAMS.filter(
    (program) => program.kind === 'ipxe' && program.platform === platform && program.arch === arch,
  );
  return (http ? fitting.find(({ name }) => name.startsWith('ipxe')) : undefined) ?? fitting[0];
}

/** The program that a client names: with or without a folder before it and dnsmasq's `.0` behind it. */
export function programNamed(name: string): BootProgram | undefined {
  const parts = name.replace(/\.0$/, '').toLowerCase().split('/');
  // In a folder of signed programs a name stands for the signed one.
  const [inFolder, alone] = [parts.slice(-2).join('/'), parts.at(-1) ?? ''];
  return (
    BOOT_PROGRAMS.find((program) => program.name === inFolder) ??
    BOOT_PROGRAMS.find((program) => program.name === alone) ??
    BOOT_PROGRAMS.find((program) => program.files.includes(alone))
  );
}
