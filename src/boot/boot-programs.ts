import { BOOT_PROGRAMS, programRemedy } from '../images/boot-program-table.ts';
import type { FirmwareStore, ProgramFile } from '../images/firmware.ts';
import { GRUB_START } from '../ipxe/grub-script.ts';
import {
  type Mac,
  type MachineArch,
  omitUndefined,
  parseArch,
  parseMac,
  type Platform,
  type Uuid,
} from '../model/machine.ts';
import type { BootProgram, Origin } from '../model/plan.ts';
import type { BootService, ScriptAnswer } from './boot-service.ts';
import {
  createRaspberryPis,
  type PiFile,
  type PiQuestion,
  type RaspberryPi,
  type RaspberryPiRoom,
} from './raspberry-pi.ts';

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
export type BootOffer = { readonly file: string } | { readonly silence: string; readonly remedy?: string };

export interface BootFileQuestion {
  /** Cleaned and relative: `undionly.kpxe`, `pxelinux.cfg/01-52-54-00-55-1c-ee`. */
  readonly name: string;
  readonly origin: Origin;
  /** iPXE asks: a boot program, which it already is, would load itself for ever. It gets the start script instead. */
  readonly ipxe: boolean;
  /** Whether it finds images/ where it asks. */
  readonly images: boolean;
  /** The address that asks. */
  readonly asker?: string;
}

export type BootFile =
  | { readonly kind: 'text'; readonly text: string; readonly because: string; readonly answer?: ScriptAnswer }
  /** `file` is undefined where this host does not have the program. */
  | { readonly kind: 'program'; readonly program: BootProgram; readonly file: ProgramFile | undefined }
  /** Below images/. */
  | { readonly kind: 'image'; readonly path: string };

/** The one place for a boot program: DHCP names it, TFTP and UEFI HTTP Boot hand it out, and all three ask here. */
export interface BootPrograms {
  /** For DHCP: what this machine shall load from us. */
  offer(client: NetbootClient, origin: Origin): BootOffer;
  /** For DHCP: whether this Raspberry Pi finds its files here. */
  offerPi(pi: RaspberryPi): BootOffer;
  /** For TFTP, by which alone a Raspberry Pi asks: a file of its own folder. */
  openPi(question: PiQuestion): Promise<PiFile | undefined>;
  /** For TFTP and HTTP: the file of a name; undefined when there is none, or nothing to say to this machine. */
  open(question: BootFileQuestion): Promise<BootFile | undefined>;
  /** Some machine asks for its files where it came from itself, over TFTP, too: GRUB, a Raspberry Pi. */
  needsImages(): boolean;
}

export interface BootProgramsOptions {
  readonly bootService: Pick<BootService, 'grubConfig' | 'netboot' | 'pxelinux' | 'secureBoot' | 'start'> &
    RaspberryPiRoom['bootService'];
  readonly firmware: Pick<FirmwareStore, 'has' | 'open'> & RaspberryPiRoom['firmware'];
  /** Machines that boot their own disk get no offer: their firmware then goes on to the disk by itself. */
  readonly silentForLocal: boolean;
}

export function createBootPrograms({ bootService, firmware, silentForLocal }: BootProgramsOptions): BootPrograms {
  const shimmed = createRecent();
  const raspberryPis = createRaspberryPis({ bootService, firmware, silentForLocal });

  return {
    offer({ mac, uuid, target, ipxe }, origin) {
      if (silentForLocal && bootService.netboot(omitUndefined({ mac, uuid })) === 'local')
        return { silence: 'it boots its own disk' };
      if (ipxe) return { file: `${origin}/boot.ipxe` };
      const signed = target.platform === 'efi' && bootService.secureBoot(omitUndefined({ mac, uuid }));
      const chains = signed ? signedChains(target) : [[programFor(target)]];
      const [program] = chains.find((chain) => chain.every((one) => one !== undefined && firmware.has(one))) ?? [];
      if (program === undefined) {
        const remedy = programRemedy(signed ? chains[0]?.[0] : programFor(target));
        if (signed) return { silence: `no signed boot programs for UEFI ${target.arch} with Secure Boot`, remedy };
        return { silence: `no boot program for ${programFor(target)?.title ?? target.arch}`, remedy };
      }
      return { file: target.http ? `${origin}/firmware/${program.name}` : program.name };
    },
    offerPi: (pi) => raspberryPis.offer(pi),
    openPi: async (question) => await raspberryPis.open(question),
    needsImages: () => bootService.secureBoot() || bootService.raspberryPi(),
    async open({ name, origin, ipxe, images, asker }) {
      if (START_NAMES.test(name)) {
        return { kind: 'text', text: bootService.start(origin), because: 'the start script by its name' };
      }
      if (name === GRUB_CONFIG) return { kind: 'text', text: GRUB_START, because: 'the start of every GRUB' };
      const program = rescue(name, asker) ?? programNamed(name);
      if (program !== undefined) {
        if (program.kind === 'ipxe-shim' && asker !== undefined) shimmed.add(asker);
        if (!ipxe || !program.kind.endsWith('ipxe'))
          return { kind: 'program', program, file: await firmware.open(program) };
        const because = `iPXE asks for ${program.name}, which it already is: it gets the start script`;
        return { kind: 'text', text: bootService.start(origin), because };
      }
      if (name.startsWith(IMAGES)) return { kind: 'image', path: name.slice(IMAGES.length) };
      const [, loader, address = ''] = PER_MAC.exec(name) ?? [];
      const mac = parseMac(address.replaceAll(':', '-'));
      if (mac === undefined) return undefined;
      // GRUB_START names the processor as GRUB does, in a folder.
      const arch = parseArch(/(?:^|\/)grub\/([a-z0-9_]+)\/[^/]+$/.exec(name)?.[1] ?? '');
      const question = { facts: omitUndefined({ mac, arch }), origin, asker };
      if (loader !== 'grub.cfg-') {
        const config = await bootService.pxelinux(question);
        return config === undefined ? undefined : { kind: 'text', ...config };
      }
      const answer = await bootService.grubConfig(question, images);
      if (answer === undefined) return undefined;
      return { kind: 'text', text: answer.script, because: answer.decision.because, answer };
    },
  };

  /** Some firmware hides from iPXE's shim where it came from: it then asks for ipxe.efi at the root (ipxe#1684). */
  function rescue(name: string, asker: string | undefined): BootProgram | undefined {
    if (name !== 'ipxe.efi' || asker === undefined || !shimmed.has(asker)) return undefined;
    return BOOT_PROGRAMS.find(({ kind, arch }) => kind === 'signed-ipxe' && arch === 'x86_64');
  }
}

const IMAGES = 'images/';
const GRUB_CONFIG = 'grub/grub.cfg';
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

/** What a machine with Secure Boot may load, each with what it loads from beside itself; the first that is whole is taken. */
function signedChains({ arch }: BootTarget): readonly (readonly BootProgram[])[] {
  const of = (...kinds: readonly BootProgram['kind'][]): readonly BootProgram[] =>
    kinds.flatMap((kind) => BOOT_PROGRAMS.filter((program) => program.kind === kind && program.arch === arch));
  return [of('shim', 'grub'), of('ipxe-shim', 'signed-ipxe')].filter((chain) => chain.length === 2);
}

const RECENT_MS = 120_000;
const MOST_RECENT = 4096;

/** Addresses that did something a moment ago. */
function createRecent(): { add(address: string): void; has(address: string): boolean } {
  const seen = new Map<string, number>();
  return {
    add(address) {
      seen.delete(address);
      seen.set(address, performance.now());
      if (seen.size > MOST_RECENT) seen.delete(seen.keys().next().value ?? address);
    },
    has: (address) => performance.now() - (seen.get(address) ?? -Infinity) < RECENT_MS,
  };
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
