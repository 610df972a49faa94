import { type Failure, failureLine } from '../model/failure.ts';
import { machineKey, type MachineFacts, type Platform } from '../model/machine.ts';
import { echoLines, inert, safeEcho, script, SCRIPT_TIMEOUT_MS } from './boot-script.ts';
import { localBootCommands } from './local-boot.ts';

interface MenuEntry {
  /** Made safe here. */
  readonly title: string;
  /** Where the machine asks next when this is chosen. */
  readonly url: string;
}

export interface Menu {
  /** For the person at the screen: who the machine is. Made safe here. */
  readonly lines: readonly string[];
  readonly entries: readonly MenuEntry[];
  /** Where the machine asks when it shall wait. */
  readonly wait: string;
  /** What that is called. Made safe here. */
  readonly waitTitle?: string;
  readonly platform: Platform | undefined;
  /** What is chosen when no key is pressed: the number of an entry, or one of the two that are always there. */
  readonly choice: number | 'wait' | 'local';
  /** 0: never by itself. */
  readonly timeoutSeconds: number;
}

/** A menu scrolls, and more than this is not read. */
const MOST_ENTRIES = 100;

/**
 * What an unknown machine may boot, in the style of netboot.xyz. Only `menu`, `item` and `choose` as iPXE of 2019 knows
 * them: a label is a word without blanks, everything behind it is the title. Escape waits: leaving the menu by
 * accident boots nothing.
 */
export function menuScript(menu: Menu): string {
  const { lines, entries, wait, waitTitle = 'Wait to be adopted', platform, choice, timeoutSeconds } = menu;
  const offered = entries.slice(0, MOST_ENTRIES);
  const timeout = timeoutSeconds > 0 ? [`--timeout ${Math.round(timeoutSeconds) * 1000}`] : [];
  const preset = typeof choice !== 'number' ? choice : choice < offered.length ? label(choice) : 'wait';
  return script([
    ':show',
    'menu What shall this machine boot?',
    ...lines.slice(0, 8).map((line) => `item --gap ${safeEcho(line)}`),
    'item --gap',
    ...offered.map(({ title }, i) => `item ${label(i)} ${safeEcho(title)}`),
    'item --gap',
    `item wait ${safeEcho(waitTitle)}`,
    'item local Boot the local disk',
    `choose ${[...timeout, `--default ${preset}`].join(' ')} chosen || goto wait`,
    'goto ${chosen}',
    ...offered.flatMap(({ url }, i) => [`:${label(i)}`, ask(url)]),
    ':wait',
    ask(wait),
    ':local',
    ...localBootCommands('auto', platform),
    ':failed',
    'echo The server does not answer. The menu comes back in 5 s, Ctrl-C gives up',
    'sleep 5 || exit 1',
    'goto show',
  ]);
}

function label(i: number): string {
  return `profile${i + 1}`;
}

function ask(url: string): string {
  return `chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${inert(url)} || goto failed`;
}

/** For an unknown machine: who it is, and the line that makes it known. */
export function unknownMachineLines(facts: MachineFacts): string[] {
  const { mac, uuid, serial, hostname } = facts;
  const identity = mac === undefined ? { uuid, serial } : { mac };
  const node = Object.entries({ name: hostname ?? 'NAME', ...identity })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}": "${value ?? ''}"`)
    .join(', ');
  const key = machineKey(facts);
  // A serial number may hold what a shell reads otherwise.
  const adopt = key !== undefined && /^[\w:.-]+$/.test(key) ? [`or run pilotlight adopt ${key} --profile P,`] : [];
  return [
    'No profile claims this machine.',
    ...machineLines(facts),
    ...(key !== undefined
      ? [
          'Add it to the "nodes" list of a file in profiles/:',
          `{ ${node} }`,
          ...adopt,
          'or set "default": true in one profile.',
        ]
      : ['It told neither MAC nor UUID nor serial number. Boot it through /boot.ipxe.']),
  ];
}

/** Who a machine is. */
export function machineLines({ mac, uuid, serial, manufacturer, product }: MachineFacts): string[] {
  const made = [manufacturer, product].filter((part) => part !== undefined).join(' ');
  return [
    ...line('MAC', mac),
    ...line('UUID', uuid),
    ...line('Serial', serial),
    ...(made === '' ? [] : [`Machine: ${made}`]),
  ];
}

/** For a machine whose image is not there (yet). */
export function missingImageLines(profileFile: string, paths: readonly string[]): string[] {
  return [
    `${profileFile} names an image that is not there:`,
    ...paths.map((path) => `images/${path}`),
    'Put it there, or change the version in the profile.',
  ];
}

/** For a machine whose profile cannot be used. */
export function failureLines(failure: Failure): string[] {
  return ['This machine cannot boot yet:', failureLine(failure)];
}

/** For a machine that is back before its installation can have finished. Seconds. */
export function unfinishedLines({ ago, rest, attempt, limit }: Unfinished): string[] {
  return [
    `Its installation began ${ago} s ago (try ${attempt} of ${limit}) and is not reported as finished.`,
    `It begins again in ${rest} s.`,
  ];
}

interface Unfinished {
  readonly ago: number;
  /** Until it begins again. */
  readonly rest: number;
  readonly attempt: number;
  readonly limit: number;
}

/** For a machine whose installation is given up. */
export function stoppedLines({ tries, command }: { readonly tries: number; readonly command: string }): string[] {
  return [
    `Its installation began ${often(tries)} and was never reported as finished.`,
    'It is not tried again by itself. Once the cause is found:',
    command,
  ];
}

/** `once`, `2 times` */
export function often(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** For a machine that would be installed at each of its boots, because it cannot be told from others. */
export function namelessLines(): string[] {
  return [
    'This machine would be installed, but it told neither MAC nor UUID nor serial number:',
    // eslint-disable-next-line vocabulary/words -- goldens hold this line
    'nobody could tell afterwards that it has been. Boot it through /boot.ipxe.',
  ];
}

function line(label: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${label}: ${value}`];
}

interface Notice {
  /** For the person at the screen. Made safe here: they may quote what the machine said of itself. */
  readonly lines: readonly string[];
  /** Where the machine asks again (see again-url). */
  readonly again: string;
  readonly pauseSeconds: number;
}

/**
 * Says something on the machine's screen, waits and asks again, for ever. `chain --replace` gives the next answer this
 * script's place, so a machine may wait for days. Ctrl-C ends it: the firmware tries the next device.
 */
export function noticeScript({ lines, again, pauseSeconds }: Notice): string {
  const pause = Math.max(1, Math.round(pauseSeconds));
  return script([
    ':show',
    'echo',
    ...echoLines(lines),
    'echo',
    `echo Asking again in ${pause} s, Ctrl-C gives up`,
    `sleep ${pause} || exit 1`,
    `chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${inert(again)} || goto show`,
  ]);
}

/** For a machine whose installer left for another address, or another of its network cards. */
export function claimedLines({ claimant, at, command }: Record<'at' | 'claimant' | 'command', string>): string[] {
  return [
    `Its installer left for ${claimant}`,
    `at ${at} and has not begun. It waits, so that no two run.`,
    'If nothing is being installed there:',
    command,
  ];
}

/** For a machine that may be another one, which is installed or known. */
export function alikeLines({ likeness, command }: Record<'command' | 'likeness', string>): string[] {
  return [
    'This machine would be installed, but it looks like',
    likeness,
    'It waits. If it is another machine, and its disk may be wiped:',
    command,
  ];
}

/** For a machine of which it cannot be known, or written down, whether it is installed. */
export function unknownLifeLines({ why, command }: { readonly why: string; readonly command?: string }): string[] {
  return [
    'This machine would be installed, but the server cannot keep account of it:',
    why,
    'It waits until that is mended.',
    ...(command === undefined ? [] : ['Or, if its disk may be wiped:', command]),
  ];
}

/** For a machine of which a report did not count. */
export function refusedReportLines({ from, at, command }: Record<'at' | 'command' | 'from', string>): string[] {
  return [
    `A report that this machine is installed came from ${from}`,
    `at ${at} and did not count: its token was missing or wrong.`,
    'It is not installed again by itself. Once it is known what is on its disk:',
    command,
  ];
}

/** For a machine that asks for a profile that keeps secrets by the profile's name alone. */
export function unnamedSecretsLines(profileFile: string): string[] {
  return [
    `${profileFile} keeps secrets, and it was asked for by its name alone:`,
    'which machine asks is not known, so it cannot have its documents.',
    'Boot it through /boot.ipxe, and name it in the "nodes" of the profile.',
  ];
}

/** For a machine that asks for a profile that installs by the profile's name alone. */
export function unnamedInstallLines(profileFile: string): string[] {
  return [
    `${profileFile} installs to a disk, and it was asked for by its name alone:`,
    'which machine asks is not known, so it would be installed at each of its boots.',
    'Boot it through /boot.ipxe, and name it in the "nodes" of the profile.',
  ];
}
