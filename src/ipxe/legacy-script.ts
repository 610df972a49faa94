import type { Origin } from '../model/origin.ts';
import type { Profile } from '../model/profile.ts';
import { inert } from './ipxe-text.ts';

export interface LegacyInput {
  readonly profile: Profile;
  readonly origin: Origin;
  /** The text of the key that the profile names, without white space around it. */
  readonly sshKey?: string;
}

/**
 * `GET /?profile=NAME`: byte for byte what coreos-ipxe-server sent for the same folder (its kernel/options.go fixes the
 * order). It has no `initrd=`, so UEFI machines with an old iPXE need the portable form instead. Keys that
 * coreos-ipxe-server did not know follow the old ones. Throws Failure `broken` for text that iPXE would run.
 */
export function legacyScript(input: LegacyInput): string {
  const { profile, origin } = input;
  return [
    '#!ipxe',
    `set coreos-version ${inert(profile.version)}`,
    `set base-url ${origin}/images/${profile.arch}-usr/\${coreos-version}`,
    ['kernel ${base-url}/coreos_production_pxe.vmlinuz', ...legacyOptions(input).map(inert)].join(' '),
    'initrd ${base-url}/coreos_production_pxe_image.cpio.gz',
    'boot',
    '',
  ].join('\n');
}

function legacyOptions({ profile, origin, sshKey }: LegacyInput): string[] {
  const { rootfstype, cloud_config, coreos_autologin, root, ignition } = profile;
  return [
    ...option('rootfstype=', rootfstype),
    ...profile.console.map((name) => `console=${name}`),
    ...option(`cloud-config-url=${origin}/configs/`, cloud_config?.replace(/\.yml$/, ''), '.yml'),
    ...option('coreos.autologin=', coreos_autologin),
    ...option('sshkey="', sshKey, '"'),
    ...option('root=', root),
    ...option(`coreos.first_boot=1 coreos.config.url=${origin}/configs/`, ignition),
    ...profile.kernel_args,
  ];
}

function option(before: string, value: string | undefined, after = ''): string[] {
  return value === undefined || value === '' ? [] : [before + value + after];
}
