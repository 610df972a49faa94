import { Failure } from '../model/failure.ts';
import { type Artifact, artifactUrl, type Origin, type Plan } from '../model/plan.ts';
import type { LocalBoot } from '../model/profile.ts';
import { inert } from './boot-script.ts';

/**
 * `/grub/grub.cfg`, which a GRUB that was loaded from here reads first: the same for every machine. GRUB knows its own
 * card's address and processor; what the machine gets comes back here when it neither boots nor leaves GRUB, and is asked for again. A
 * loop here and none there: a `configfile` inside a `configfile` takes stack each time, and machines wait for days.
 */
export const GRUB_START = `${[
  'set pager=0',
  'while true; do',
  '  configfile /grub/$grub_cpu/grub.cfg-01-$net_default_mac',
  '  echo "Asking again in 5 s"',
  '  sleep 5',
  'done',
].join('\n')}\n`;

interface GrubBoot {
  readonly plan: Plan;
  readonly origin: Origin;
  /** For the person at the screen. Made safe here. */
  readonly lines: readonly string[];
  /**
   * Files are asked for where GRUB itself came from, TFTP or HTTP: a signed GRUB may have no other way (Debian 12's has no
   * HTTP). Else over HTTP.
   */
  readonly fromRoot: boolean;
}

/** For a machine by its MAC: boots at once. Where a file does not arrive, GRUB_START asks again: the answer may be another. */
export function grubBoot({ plan, origin, lines, fromRoot }: GrubBoot): string {
  const place = fromRoot ? fromRootOr : grubPath;
  const { kernel, initrds } = wordsOf(plan, (artifact) => place(artifactUrl(artifact, origin), artifact));
  return text([
    ...grubEcho(lines),
    ...droppedArgs(plan).map((name) => `# ${name} is left out: GRUB cannot hand over quotes.`),
    'echo "Loading the kernel"',
    `if linux ${kernel}; then`,
    ...(initrds === '' ? ['  boot'] : ['  echo "Loading the initramfs"', `  if initrd ${initrds}; then boot; fi`]),
    'fi',
  ]);
}

/** For a machine that waits. */
export function grubNotice(lines: readonly string[]): string {
  return text(grubEcho(lines));
}

/** Hands the machine to its own disk; undefined where the answer shall be that there is no such file. */
export function grubLocal(method: LocalBoot, lines: readonly string[]): string | undefined {
  if (method === 'http-404') return undefined;
  if (method === 'poweroff') return text([...grubEcho(lines), 'echo "Powering off"', 'halt']);
  // With a number, firmware goes on to its next boot entry; a GRUB that knows none leaves as it does without.
  return text([
    ...grubEcho(lines),
    'echo "Leaving GRUB for the next boot device"',
    method === 'exit0' ? 'exit' : 'exit 1',
  ]);
}

/** One line each: printable ASCII between single quotes, where nothing is special to GRUB. */
function grubEcho(lines: readonly string[]): string[] {
  return lines.slice(0, 60).map((line) => {
    const plain = line.slice(0, 400).replaceAll(/[^\x20-\x7e]/g, '?');
    return `echo ${plain === '' ? "''" : `'${plain.replaceAll("'", `'\\''`)}'`}`;
  });
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function fromRootOr(url: string, artifact: Artifact): string {
  return artifact.kind === 'shelf' ? new URL(url).pathname.replace(/^.*?(?=\/images\/)/, '') : grubPath(url);
}

function droppedArgs({ args }: Plan): readonly string[] {
  return args.filter((arg) => arg.includes('"')).map((arg) => arg.split('=')[0] ?? arg);
}

/** What follows `linux` and `initrd`. */
function wordsOf(
  { kernel, initrds, args }: Plan,
  pathOf: (artifact: Artifact) => string,
): { readonly kernel: string; readonly initrds: string } {
  const kept = args.map(inert).filter((arg) => !arg.includes('"'));
  return {
    kernel: [pathOf(kernel), ...kept].map(quoted).join(' '),
    // GRUB's own form for a file with a name (grub-core/loader/linux.c).
    initrds: initrds
      .map((initrd) => quoted(initrd.name === undefined ? pathOf(initrd) : `newc:${initrd.name}:${pathOf(initrd)}`))
      .join(' '),
  };
}

/**
 * matchbox's `/grub`: a GRUB 2 configuration for network-booted GRUB. Files are `(http,host:port)/path`.
 *
 * Every argument is quoted, because `;` and `&` end a GRUB command. `sshkey="..."` cannot be said through GRUB: it puts a
 * backslash before every quote of the command line (lib/cmdline.c), and the image then finds no key. It is left out.
 */
export function grubScript(plan: Plan, origin: Origin, title: string): string {
  const { kernel, initrds } = wordsOf(plan, (artifact) => grubPath(artifactUrl(artifact, origin)));
  return text([
    'default=0',
    'timeout=1',
    ...droppedArgs(plan).map((name) => `# ${name} is left out: GRUB cannot hand over quotes.`),
    `menuentry ${quoted(inert(title))} {`,
    '  echo "Loading the kernel"',
    `  linux ${kernel}`,
    ...(initrds === '' ? [] : ['  echo "Loading the initramfs"', `  initrd ${initrds}`]),
    '}',
  ]);
}

/** GRUB has no https: Failure `refused`. */
function grubPath(url: string): string {
  const parts = /^(http|tftp):\/\/([^/?#]+)(\/[^?#]*)$/.exec(url);
  if (parts?.[1] === undefined || parts[2] === undefined || parts[3] === undefined) {
    throw new Failure('refused', `GRUB cannot fetch ${url.slice(0, 120)}`, {
      remedy: 'use a plain http:// or tftp:// URL without a query',
    });
  }
  return `(${parts[1]},${parts[2]})${parts[3]}`;
}

/** Nothing is special between single quotes, and words that need none are left readable. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=,%+@~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
