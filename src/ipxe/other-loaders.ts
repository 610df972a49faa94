import { Failure } from '../model/failure.ts';
import type { Origin } from '../model/origin.ts';
import { artifactUrl, type Plan } from '../model/plan.ts';
import { inert } from './ipxe-text.ts';

/**
 * matchbox's `/grub`: a GRUB 2 configuration for network-booted GRUB. Files are `(http,host:port)/path`.
 *
 * Every argument is quoted, because `;` and `&` end a GRUB command. `sshkey="..."` cannot be said through GRUB: it puts a
 * backslash before every quote of the command line (lib/cmdline.c), and the image then finds no key. It is left out.
 */
export function grubScript(plan: Plan, origin: Origin, title: string): string {
  const args = plan.args.map(inert);
  const kept = args.filter((arg) => !arg.includes('"'));
  const dropped = args.filter((arg) => arg.includes('"')).map((arg) => arg.split('=')[0] ?? arg);
  const initrds = plan.initrds.map((initrd) => {
    const path = grubPath(artifactUrl(initrd, origin));
    // GRUB's own form for a file with a name (grub-core/loader/linux.c).
    return quoted(initrd.name === undefined ? path : `newc:${initrd.name}:${path}`);
  });
  return [
    'default=0',
    'timeout=1',
    ...dropped.map((name) => `# ${name} is left out: GRUB cannot hand over quotes.`),
    `menuentry ${quoted(inert(title))} {`,
    '  echo "Loading the kernel"',
    `  linux ${[quoted(grubPath(artifactUrl(plan.kernel, origin))), ...kept.map(quoted)].join(' ')}`,
    ...(initrds.length === 0 ? [] : ['  echo "Loading the initramfs"', `  initrd ${initrds.join(' ')}`]),
    '}',
    '',
  ].join('\n');
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
