import { Failure } from '../model/failure.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Profile } from '../model/profile.ts';
import type { PlanInput } from './system.ts';

/** `NAME=value`, or nothing when the profile has no value (coreos-ipxe-server treats "" as absent, and so do we). */
export function argument(name: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [`${name}=${value}`];
}

/** In the profile's order: the last one is /dev/console. None is added: a wrong console hides everything. */
export function consoles(profile: Profile): string[] {
  return profile.console.filter((name) => name !== '').map((name) => `console=${name}`);
}

/**
 * The key for user core. The double quotes are required: the script in the image finds it with the expression
 * sshkey=\"([^\"]+)\" (coreos/init and flatcar/init, scripts/ssh-key-proc-cmdline).
 */
export function sshKey(input: PlanInput): string[] {
  return input.sshKey === undefined || input.sshKey === '' ? [] : [`sshkey="${input.sshKey}"`];
}

/**
 * cloud-init's NoCloud seed. One word without quotes: cloud-init splits it at `;`. `s` must end in a slash, the file names
 * are put behind it. Without `dsmode=net` cloud-init 22.4 fetches the seed and then drops it: it looks for a local one.
 */
export function nocloudSeed(url: string | undefined): string[] {
  return url === undefined ? [] : [`ds=nocloud;dsmode=net;s=${url}${url.endsWith('/') ? '' : '/'}`];
}

/**
 * Throws Failure `broken` when the profile is configured by documents that this system never reads and by none that
 * it does: better said at load than found out at boot. Others beside a right one may serve the installed system.
 */
export function requireReadable(profile: Profile, reads: readonly [DocumentKind, ...DocumentKind[]]): void {
  if (reads.some((kind) => profile[kind] !== undefined)) return;
  const stray = DOCUMENT_KINDS.find((kind) => kind !== 'generic' && profile[kind] !== undefined);
  if (stray === undefined) return;
  throw new Failure('broken', `${profile.system} does not read a ${stray} document`, {
    place: { file: profile.file, key: stray },
    remedy: `use ${reads.map((kind) => `"${kind}"`).join(' or ')}`,
  });
}
