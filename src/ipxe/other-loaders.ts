import { Failure } from '../model/failure.ts';
import { artifactUrl, type Origin, type Plan } from '../model/plan.ts';
import { isObject, type JsonObject } from '../model/profile.ts';
import { inert } from './boot-script.ts';

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

/**
 * A configuration for lpxelinux (SYSLINUX 5 and later, the build that speaks HTTP). Its APPEND takes the rest of the
 * line as it is; several initramfs images are one comma-separated list.
 */
export function pxelinuxConfig(plan: Plan, origin: Origin, title: string): string {
  refuseNames(plan, 'pxelinux');
  const initrds = plan.initrds.map((artifact) => artifactUrl(artifact, origin));
  return [
    'DEFAULT pilotlight',
    'PROMPT 0',
    'LABEL pilotlight',
    `  MENU LABEL ${title}`,
    `  KERNEL ${artifactUrl(plan.kernel, origin)}`,
    ...(initrds.length === 0 ? [] : [`  INITRD ${initrds.join(',')}`]),
    ...(plan.args.length === 0 ? [] : [`  APPEND ${plan.args.join(' ')}`]),
    '',
  ].join('\n');
}

/** wimboot without the names of its files starts and finds nothing. Throws Failure `refused`. */
function refuseNames({ initrds }: Plan, client: string): void {
  const named = initrds.find(({ name }) => name !== undefined);
  if (named === undefined) return;
  throw new Failure('refused', `${client} cannot hand over a file by its name (${named.name ?? ''})`, {
    remedy: 'let the machine boot through iPXE',
  });
}

interface PixiecoreAnswer {
  readonly kernel: string;
  readonly initrd: readonly string[];
  readonly cmdline: string;
}

/** pixiecore's API answer (danderson/netboot, README.api.md). It adds `initrd=` itself. */
export function pixiecoreAnswer(plan: Plan, origin: Origin): PixiecoreAnswer {
  refuseNames(plan, 'pixiecore');
  return {
    kernel: artifactUrl(plan.kernel, origin),
    initrd: plan.initrds.map((artifact) => artifactUrl(artifact, origin)),
    cmdline: plan.args.join(' '),
  };
}

/**
 * matchbox's `/metadata`: `NAME=value` lines, names in capitals, nested objects joined by `_`, lists left out (as
 * matchbox does). Sorted, so that the same node gives the same bytes. A value with quotes, `$`, backslashes or line
 * breaks is put in double quotes as systemd's EnvironmentFile= and a shell read them: no value becomes a second line.
 */
export function metadataText(values: JsonObject): string {
  const lines = new Map<string, string>();
  collect(lines, '', values);
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function collect(lines: Map<string, string>, prefix: string, values: JsonObject): void {
  for (const [key, value] of Object.entries(values)) {
    const name = `${prefix}${key.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')}`;
    if (isObject(value)) collect(lines, `${name}_`, value);
    else if (value !== null && typeof value !== 'object') lines.set(name, assigned(String(value)));
  }
}

function assigned(value: string): string {
  if (!/["'`$\\\r\n\0]|^\s|\s$/.test(value)) return value;
  return `"${value.replaceAll('\0', '').replaceAll(/["`$\\]/g, '\\$&')}"`;
}
