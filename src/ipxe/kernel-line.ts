import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { takesInitPlace } from './known-options.ts';
import { liveText } from './ipxe-text.ts';

/** A problem that does not know yet in which file it is. */
export type KernelLineProblem = Omit<Problem, 'place'>;

export interface KernelLineOptions {
  /**
   * Bytes that the boot loader puts before our arguments. The EFI stub counts the image's file name and a blank; by
   * default the kernel's own file name is taken, which is what coreos-ipxe-server's script leads to (ours is shorter).
   */
  readonly loaderPrefixBytes?: number;
}

// Linux 6.1 cuts at 2,047 bytes on a BIOS; the EFI stub drops the word that passes 2,029 and all behind it. Silently.
const MOST_BYTES = 2000;
const MANY_BYTES = 1900;
// "Too many boot env vars" panics at the 32nd; HOME and TERM are there from the start and a loader may add its own.
const MOST_UNKNOWN = 30;
const MANY_UNKNOWN = 25;

/** What would go wrong with a plan's arguments on their way through iPXE and into Linux. Empty when nothing would. */
export function kernelLineProblems(plan: Plan, options: KernelLineOptions = {}): KernelLineProblem[] {
  return [...textProblems(plan.args), ...lengthProblems(plan, options), ...countProblems(plan)];
}

/** The arguments as Linux will see them, with what the boot script adds. */
export function kernelLine(plan: Plan): string {
  return [...initrdNames(plan).map((name) => `initrd=${name}`), ...plan.args].join(' ');
}

/** What the initramfs files are called: those that the kernel unpacks, not those that it looks for by name. */
export function initrdNames({ initrds }: Pick<Plan, 'initrds'>): readonly string[] {
  return initrds.filter(({ name }) => name === undefined).map((_, i) => (i === 0 ? 'main' : `initrd${i + 1}`));
}

function textProblems(args: readonly string[]): KernelLineProblem[] {
  return args.flatMap((arg) => {
    const shown = JSON.stringify(arg.length > 60 ? `${arg.slice(0, 60)}...` : arg);
    const key = arg.startsWith('sshkey=');
    const live = liveText(arg);
    if (live !== undefined) return [error(`kernel argument ${shown} ${live}`, key ? KEY_REMEDY : TEXT_REMEDY)];
    if (arg === '') return [error('a kernel argument is empty', 'take it out')];
    if (key && !/^sshkey="[^"]+"$/.test(arg)) {
      return [error(`the key in ${shown} holds a double quote, which ends it early`, KEY_REMEDY)];
    }
    const quotes = arg.split('"').length - 1;
    if (quotes % 2 === 1) {
      return [
        error(`kernel argument ${shown} opens a quote and does not close it`, 'write both quotes in one argument'),
      ];
    }
    return [];
  });
}

const TEXT_REMEDY = 'iPXE cannot quote: write the value in another way, or put it into a configuration document';
const KEY_REMEDY = 'put one key on one line in the .pub file, with a comment of plain letters and no " or #';

function lengthProblems(plan: Plan, options: KernelLineOptions): KernelLineProblem[] {
  const prefix = options.loaderPrefixBytes ?? fileName(plan).length + 1;
  const bytes = prefix + Buffer.byteLength(kernelLine(plan), 'utf8');
  if (bytes <= MANY_BYTES) return [];
  const message =
    `the kernel's command line has ${bytes.toLocaleString('en')} bytes with what the boot loader adds; ` +
    `Linux cuts it a little over ${MOST_BYTES.toLocaleString('en')}`;
  const remedy = 'move settings from the command line into a configuration document';
  return [bytes > MOST_BYTES ? error(message, remedy) : { severity: 'warning', message, remedy }];
}

function fileName(plan: Plan): string {
  const { kernel } = plan;
  const path = kernel.kind === 'shelf' ? kernel.path : kernel.url.replace(/[?#].*$/, '');
  return path.slice(path.lastIndexOf('/') + 1);
}

function countProblems(plan: Plan): KernelLineProblem[] {
  const count = words(plan.args.join(' ')).filter(takesInitPlace).length;
  if (count < MANY_UNKNOWN) return [];
  const message = `${count} kernel arguments of the form NAME=VALUE are not Linux's own; at 32 the kernel panics`;
  const remedy = 'move settings from the command line into a configuration document';
  return [count >= MOST_UNKNOWN ? error(message, remedy) : { severity: 'warning', message, remedy }];
}

/** As Linux splits its command line (lib/cmdline.c, next_arg): double quotes protect blanks. */
function words(line: string): string[] {
  return line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

function error(message: string, remedy: string): KernelLineProblem {
  return { severity: 'error', message, remedy };
}
