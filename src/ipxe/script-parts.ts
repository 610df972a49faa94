/**
 * Pieces that several scripts share. They use only commands that Debian's iPXE of 2019 knows (no params, poweroff,
 * imgverify): every Debian 12 and QEMU 7.2 has that one.
 */

/** Without a limit iPXE waits for ever on a server that accepts and stays silent. Milliseconds without progress. */
export const SCRIPT_TIMEOUT_MS = 20_000;
export const IMAGE_TIMEOUT_MS = 30_000;

/** The longest pause between two tries, in seconds. A power of two: pauses double. */
const LONGEST_PAUSE = 32;

/** Settings live as long as iPXE does: a script that is asked for again goes on with the pause it had reached. */
export const KEEP_PAUSE = 'isset ${pause} || set pause:int32 1';
export const RESET_PAUSE = 'set pause:int32 1';

/** Waits, longer each time (1, 2, 4 ... 32 s). Ctrl-C in a pause ends the script: the firmware tries the next device. */
export const GROWING_PAUSE: readonly string[] = [
  'echo Trying again in ${pause:int32} s, Ctrl-C gives up',
  'sleep ${pause:int32} || exit 1',
  `iseq \${pause:int32} ${LONGEST_PAUSE} || inc pause \${pause:int32}`,
];

/** `#!ipxe` at the first byte, or a BIOS runs the text as machine code; a line break at the end. */
export function script(lines: readonly string[]): string {
  return `${['#!ipxe', ...lines].join('\n')}\n`;
}
