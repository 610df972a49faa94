import type { FirmwareStore, ProgramFile } from '../images/firmware.ts';
import { asFailure, failureLine } from '../model/failure.ts';
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

export interface RaspberryPis {
  /** It takes no file name: it hears the server's address, and asks that for its files by their own names. */
  offer(pi: RaspberryPi): { readonly file: '' } | { readonly silence: string };
  /** A file below `SERIAL/`, or below its MAC; undefined for what is none of a Raspberry Pi's. */
  open(name: string, origin: Origin, asker: string | undefined): Promise<PiFile | undefined>;
}

export interface RaspberryPiRoom {
  readonly bootService: Pick<BootService, 'plainPlan' | 'raspberryPi'>;
  readonly firmware: Pick<FirmwareStore, 'openBelow'>;
}

/** What an operator does about one that is not served. */
export const PI_REMEDY =
  'say "raspberry_pi": true of its node and lay its files into firmware/rpi/, or put UEFI firmware on its card: see docs/network.md';

/** In the folder of firmware: what the Raspberry Pi's makers, or the makers of UEFI for it, put into their archive. */
const FOLDER = 'rpi';
/** UEFI (pftf): then its files are served as they are, and the machine comes back as UEFI arm64. */
const UEFI = 'RPI_EFI.fd';
const KERNEL = 'kernel.img';
const INITRD = 'initrd.img';
// TFTP_PREFIX 0 (the default): eight digits of the serial number; 2: the MAC with hyphens.
const IN_FOLDER = /^(?:([0-9a-f]{8})|([0-9a-f]{2}(?:-[0-9a-f]{2}){5}))\/((?:[\w.+-]+\/){0,3}[\w.+-]+)$/;
const MOST = 4096;

/**
 * The files of a Raspberry Pi 4 or 5: its folder exists for it alone. config.txt, cmdline.txt, kernel and initramfs are
 * made of the machine's profile, everything else lies in firmware/rpi/. What its config.txt led to stays so for the files
 * that it asks for afterwards: an installer's claim must not change between kernel and cmdline.txt.
 */
export function createRaspberryPis({ bootService, firmware }: RaspberryPiRoom): RaspberryPis {
  const known = new Map<string, RaspberryPi>();
  const plans = new Map<string, Plan>();

  function factsOf(serial: string | undefined, mac: string | undefined): MachineFacts {
    const pi = serial === undefined ? undefined : known.get(serial);
    const said = { mac: pi?.mac ?? parseMac(mac ?? ''), serial: serial === undefined ? undefined : parseLabel(serial) };
    return { ...omitUndefined(said), arch: 'arm64' };
  }

  function ownFile(file: string, key: string, plan: Plan): PiFile | undefined {
    const because = `${file} of the Raspberry Pi ${key}, made of its profile`;
    if (file === 'config.txt') return { kind: 'text', text: configText(plan), because };
    if (file === 'cmdline.txt') return { kind: 'text', text: `${plan.args.join(' ')}\n`, because };
    const artifact = file === KERNEL ? plan.kernel : plan.initrds[0];
    return artifact?.kind === 'shelf' ? { kind: 'image', path: artifact.path } : undefined;
  }

  const folderFile = async (file: string): Promise<ProgramFile | undefined> =>
    await firmware.openBelow(`${FOLDER}/${file}`);

  return {
    offer(pi) {
      if (!bootService.raspberryPi(pi)) return { silence: 'no node of a profile is this Raspberry Pi' };
      if (pi.serial !== undefined) remember(known, pi.serial, pi);
      return { file: '' };
    },
    async open(name, origin, asker) {
      const [, serial, mac, file = ''] = IN_FOLDER.exec(name) ?? [];
      const key = serial ?? mac;
      if (key === undefined) return undefined;
      const facts = factsOf(serial, mac);
      if (!bootService.raspberryPi(facts)) return undefined;
      const uefi = await folderFile(UEFI);
      await uefi?.close();
      if (uefi === undefined && OWN.has(file)) {
        if (file === 'config.txt' || !plans.has(key)) {
          try {
            remember(plans, key, await bootService.plainPlan({ facts, origin, asker }));
          } catch (error) {
            plans.delete(key);
            return { kind: 'absent', because: failureLine(asFailure(error)) };
          }
        }
        const plan = plans.get(key);
        return plan && ownFile(file, key, plan);
      }
      const found = await folderFile(file);
      return found && { kind: 'file', file: found, because: `firmware of the Raspberry Pi ${key}` };
    },
  };
}

const OWN: ReadonlySet<string> = new Set(['config.txt', 'cmdline.txt', KERNEL, INITRD]);

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
