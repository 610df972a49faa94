import { Failure } from '../model/failure.ts';
import { artifactUrl, type Origin, type Plan } from '../model/plan.ts';
import { isObject, type JsonObject } from '../model/profile.ts';

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
