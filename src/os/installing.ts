import { Failure } from '../model/failure.ts';
import type { Artifact } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';
import { onShelf } from './artifacts.ts';
import type { InstallLinks, PlanInput } from './system.ts';

/** The image that `coreos-install` and `flatcar-install` write to the disk. */
const IMAGES = {
  coreos: 'coreos_production_image.bin.bz2',
  flatcar: 'flatcar_production_image.bin.bz2',
} as const;

/** The disk that the profile installs to, if it does. Throws Failure `broken` for what is no device. */
export function installDisk(profile: Profile): string | undefined {
  const disk = profile.install?.disk;
  if (disk === undefined || /^\/dev\/[A-Za-z0-9_./:+@-]{1,200}$/.test(disk)) return disk;
  throw new Failure('broken', `"${disk.slice(0, 80)}" is not a disk`, {
    place: { file: profile.file, key: 'install.disk' },
    remedy: 'write a device such as "/dev/sda" or "/dev/disk/by-id/..."',
  });
}

/** What installs a machine of this profile; undefined where the profile boots live. Throws Failure `broken`. */
export function installation({ profile, install }: PlanInput): InstallLinks | undefined {
  if (installDisk(profile) === undefined) return undefined;
  if (install !== undefined) return install;
  throw new Failure('broken', 'only a machine that says who it is can be installed', {
    place: { file: profile.file, key: 'install' },
    remedy: 'boot it by its MAC address: /ipxe?mac=MAC',
  });
}

/** Whether the profile's installer takes its image from us, so that the sync must fetch it and the shelf must have it. */
export function installsFromShelf({ system, install }: Pick<Profile, 'system' | 'install'>): boolean {
  return install !== undefined && (system === 'coreos' || system === 'flatcar');
}

/** That image and its signature, which the installer checks. */
export function installImage(system: keyof typeof IMAGES, folder: string): readonly Artifact[] {
  return [onShelf(folder, IMAGES[system]), onShelf(folder, `${IMAGES[system]}.sig`)];
}
