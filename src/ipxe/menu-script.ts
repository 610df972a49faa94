import type { Platform } from '../model/facts.ts';
import { inert, safeEcho } from './ipxe-text.ts';
import { localBootCommands } from './local-boot.ts';
import { SCRIPT_TIMEOUT_MS, script } from './script-parts.ts';

export interface MenuEntry {
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
  readonly platform: Platform | undefined;
  /** What is chosen when nobody does: the number of an entry, or one of the two that are always there. */
  readonly choice: number | 'wait' | 'local';
  /** 0: never by itself. */
  readonly timeoutSeconds: number;
}

/** A menu scrolls; nobody reads more than this. */
const MOST_ENTRIES = 100;

/**
 * What an unknown machine may boot, in the style of netboot.xyz. Only `menu`, `item` and `choose` as iPXE of 2019 knows
 * them: a label is a word without blanks, everything behind it is the title. Escape waits: who leaves the menu by
 * accident does not boot something.
 */
export function menuScript({ lines, entries, wait, platform, choice, timeoutSeconds }: Menu): string {
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
    'item wait Wait to be adopted',
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
