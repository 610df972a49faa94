import type { FirmwareStore, ProgramFile } from '../images/firmware.ts';
import { asFailure, Failure, failureLine } from '../model/failure.ts';
import { type Label, type Mac, type MachineFacts, omitUndefined, parseLabel, parseMac } from '../model/machine.ts';
import type { Origin, Plan } from '../model/plan.ts';
import type { BootService } from './boot-service.ts';

/** A Raspberry Pi whose own firmware asks by DHCP. */
export interface RaspberryPi {
  readonly mac: Mac;
  /** The last eight digits of its serial number, as its TFTP folder is called; where it says them. */
  readonly serial?: Label | undefined;
}

export type PiFile =
  | { readonly kind: 'text'; readonly text: string; readonly because: string }
  /** Below images/. */
  | { readonly kind: 'image'; readonly path: string }
  /** Of its firmware. */
  | { readonly kind: 'file'; readonly file: ProgramFile; readonly because: string }
  /** There is none for this machine now. */
  | { readonly kind: 'absent'; readonly because: string };

/** One of its files, asked for over TFTP. */
export interface PiQuestion {
  /** Cleaned and relative: `3c1a9f02/config.txt`. */
  readonly name: string;
  readonly origin: Origin;
  readonly asker?: string;
}

export interface RaspberryPis {
  /** It takes no file name: it hears the server's address, and asks that for its files by their own names. */
  offer(pi: RaspberryPi): { readonly file: '' } | { readonly silence: string };
  /** A file below `SERIAL/`, or below its MAC; undefined for what is none of a Raspberry Pi's. */
  open(question: PiQuestion): Promise<PiFile | undefined>;
}

export interface RaspberryPiRoom {
  readonly bootService: Pick<BootService, 'netboot' | 'plainPlan' | 'raspberryPi'>;
  readonly firmware: Pick<FirmwareStore, 'openBelow'>;
  /** One that boots its own disk gets no offer. */
  readonly silentForLocal: boolean;
}

/** Why one is left out that no node is: it wants files of its own, no boot program. */
export const RASPBERRY_PI = 'the firmware of a Raspberry Pi';

/** What an operator does about one that is not served. */
export const PI_REMEDY =
  'say "raspberry_pi": true of its node and lay its files into firmware/rpi/, or put UEFI firmware on its card: see docs/network.md';

/** In the folder of firmware: what the Raspberry Pi's makers, or the makers of UEFI for it, put into their archive. */
const PI_FOLDER = 'rpi';
/** UEFI (pftf): then its files are served as they are, and the machine comes back as UEFI arm64. */
const UEFI = 'RPI_EFI.fd';
const CONFIG = 'config.txt';
const KERNEL = 'kernel.img';
const INITRD = 'initrd.img';
// TFTP_PREFIX 0 (the default): eight digits of the serial number; 2: the MAC with hyphens.
const IN_FOLDER = /^(?:([0-9a-f]{8})|([0-9a-f]{2}(?:-[0-9a-f]{2}){5}))\/((?:[\w.+-]+\/){0,3}[\w.+-]+)$/;
const MOST = 4096;

/**
 * The files of a Raspberry Pi 4 or 5: its folder exists for it alone, and as long as it has something to boot from here.
 * config.txt, cmdline.txt, kernel and initramfs are made of the machine's profile, everything else lies in firmware/rpi/.
 * What its config.txt led to stays so for the files that it asks for afterwards: an installer's claim must not change
 * between kernel and cmdline.txt.
 */
export function createRaspberryPis({ bootService, firmware, silentForLocal }: RaspberryPiRoom): RaspberryPis {
  const known = new Map<string, RaspberryPi>();
  const boots = new Map<string, PiBoot>();

  function factsOf(serial: string | undefined, mac: string | undefined): MachineFacts {
    const pi = serial === undefined ? undefined : known.get(serial);
    const said = { mac: pi?.mac ?? parseMac(mac ?? ''), serial: serial === undefined ? undefined : parseLabel(serial) };
    return { ...omitUndefined(said), arch: 'arm64' };
  }

  /** Throws Failure: why it boots nothing from here now. */
  async function bootOf(key: string, file: string, facts: MachineFacts, { origin, asker }: PiQuestion): Promise<Plan> {
    const last = boots.get(key);
    const goesOn = last !== undefined && last.asker === asker && performance.now() - last.at < BOOT_MS;
    if (goesOn && file !== CONFIG) return last.plan;
    boots.delete(key);
    const plan = await bootService.plainPlan(omitUndefined({ facts, origin, asker }));
    if ([plan.kernel, ...plan.initrds].some(({ kind }) => kind !== 'shelf') || plan.initrds.length > 1) {
      throw new Failure('broken', 'a Raspberry Pi loads one kernel and at most one initramfs, both from images/', {
        remedy: 'boot UEFI for it (firmware/rpi/RPI_EFI.fd), which can load what other machines can',
      });
    }
    remember(boots, key, { plan, asker, at: performance.now() });
    return plan;
  }

  function ownFile(file: string, key: string, plan: Plan): PiFile | undefined {
    const because = `${file} of the Raspberry Pi ${key}, made of its profile`;
    if (file === CONFIG) return { kind: 'text', text: configText(plan), because };
    if (file === 'cmdline.txt') return { kind: 'text', text: `${plan.args.join(' ')}\n`, because };
    const artifact = file === KERNEL ? plan.kernel : plan.initrds[0];
    return artifact?.kind === 'shelf' ? { kind: 'image', path: artifact.path } : undefined;
  }

  const folderFile = async (file: string): Promise<ProgramFile | undefined> =>
    await firmware.openBelow(`${PI_FOLDER}/${file}`);

  async function isInFolder(file: string): Promise<boolean> {
    const found = await folderFile(file);
    await found?.close();
    return found !== undefined;
  }

  return {
    offer(pi) {
      if (!bootService.raspberryPi(pi)) return { silence: RASPBERRY_PI };
      if (silentForLocal && bootService.netboot(pi) === 'local') return { silence: 'it boots its own disk' };
      if (pi.serial !== undefined) remember(known, pi.serial, pi);
      return { file: '' };
    },
    async open(question) {
      const [, serial, mac, file = ''] = IN_FOLDER.exec(question.name) ?? [];
      const key = serial ?? mac;
      if (key === undefined) return undefined;
      const facts = factsOf(serial, mac);
      if (!bootService.raspberryPi(facts)) return undefined;
      if (!(await isInFolder(UEFI))) {
        // It asks for many that no Pi needs, and so may a stranger: none of them claims an installation.
        if (!OWN.has(file) && !(await isInFolder(file))) return undefined;
        try {
          // Without it there is no start4.elf either: it would start, and wait for a kernel for ever.
          const plan = await bootOf(key, file, facts, question);
          if (OWN.has(file)) return ownFile(file, key, plan);
        } catch (error) {
          return { kind: 'absent', because: failureLine(asFailure(error)) };
        }
      }
      const found = await folderFile(file);
      return found && { kind: 'file', file: found, because: `firmware of the Raspberry Pi ${key}` };
    },
  };
}

/** What it was told to boot, and at which address: for another one that is not claimed. */
interface PiBoot {
  readonly plan: Plan;
  readonly asker: string | undefined;
  readonly at: number;
}

/** From config.txt to the last file, by a slow card. */
const BOOT_MS = 600_000;
const OWN: ReadonlySet<string> = new Set([CONFIG, 'cmdline.txt', KERNEL, INITRD]);

/** What both generations read. */
function configText({ initrds }: Plan): string {
  return [
    '# Made by Pilotlight of the profile of this machine.',
    'arm_64bit=1',
    'enable_uart=1',
    `kernel=${KERNEL}`,
    ...(initrds.length === 0 ? [] : [`initramfs ${INITRD} followkernel`]),
    '',
  ].join('\n');
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value ?? key);
}
