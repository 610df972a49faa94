import type { Origin } from '../model/origin.ts';
import { artifactUrl, type Plan } from '../model/plan.ts';
import { echoLines, inert } from './ipxe-text.ts';
import { initrdNames } from './kernel-line.ts';
import { GROWING_PAUSE, IMAGE_TIMEOUT_MS, KEEP_PAUSE, SCRIPT_TIMEOUT_MS, script } from './script-parts.ts';

export interface BootScriptInput {
  readonly plan: Plan;
  readonly origin: Origin;
  /** For the person at the screen: who the machine is, what it boots, because of what. Made safe here. */
  readonly lines: readonly string[];
  /** Where to ask once more when a fetch fails: the answer may have changed (a version replaced, a profile edited). */
  readonly again?: string;
}

/** What the kernel is called in iPXE. The EFI stub counts `linux ` among the command line's bytes. */
const KERNEL_NAME = 'linux';

/**
 * The portable boot script.
 * - `imgfree` first: any image left over from before would be unpacked as a part of the initramfs.
 * - `initrd=main` and `--name main` belong together: iPXE of 2019 on EFI serves an initrd by its name only, and the
 *   kernel panics without; BIOS and iPXE 2 ignore the argument. Several initrds are all named, in order: BIOS and
 *   iPXE 2 take all images in the order of fetching, the EFI stub takes every `initrd=` in the order of the line.
 * - A file with a name of its own is one that the kernel looks for (wimboot): it is named so, and in no `initrd=`.
 * - Every fetch has a time limit and every failure leads to a pause and another try.
 */
export function bootScript({ plan, origin, lines, again }: BootScriptInput): string {
  const names = initrdNames(plan);
  const args = [...names.map((name) => `initrd=${name}`), ...plan.args.map(inert)];
  const unnamed = names.values();
  const kernel = inert(artifactUrl(plan.kernel, origin));
  const initrds = plan.initrds.map((initrd) => {
    const url = inert(artifactUrl(initrd, origin));
    // By --name iPXE offers it on EFI, by the word behind the URL on a BIOS, in every version since 2019.
    if (initrd.name !== undefined) return `--name ${inert(initrd.name)} ${url} ${inert(initrd.name)}`;
    return `--name ${unnamed.next().value ?? ''} ${url}`;
  });
  return script([
    ...echoLines(lines),
    KEEP_PAUSE,
    ':fetch',
    'imgfree',
    `kernel --timeout ${IMAGE_TIMEOUT_MS} --name ${KERNEL_NAME} ${[kernel, ...args].join(' ')} || goto retry`,
    ...initrds.map((words) => `initrd --timeout ${IMAGE_TIMEOUT_MS} ${words} || goto retry`),
    'boot || goto retry',
    ':retry',
    ...GROWING_PAUSE,
    ...(again === undefined ? [] : [`chain --timeout ${SCRIPT_TIMEOUT_MS} --replace ${inert(again)} ||`]),
    'goto fetch',
  ]);
}
