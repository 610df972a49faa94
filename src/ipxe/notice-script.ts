import { echoLines, inert } from './ipxe-text.ts';
import { SCRIPT_TIMEOUT_MS, script } from './script-parts.ts';

export interface Notice {
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
