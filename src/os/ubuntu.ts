import { artifactUrl } from '../model/plan.ts';
import { consoles, nocloudSeed, requireReadable } from './arguments.ts';
import { onShelf, systemShelf, versionOf } from './artifacts.ts';
import { installDisk } from './installing.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Ubuntu's server installer, with autoinstall over NoCloud. `vmlinuz` and `initrd` are those of the ISO's casper/
 * folder; the initramfs fetches the ISO itself. `cloud-config-url=/dev/null` keeps cloud-init from fetching it again
 * (to cloud-init that argument, or else `url=`, is more configuration). Without `autoinstall` the installer asks.
 * `install` is said in the user-data.
 */
export const UBUNTU: System = {
  id: 'ubuntu',
  title: 'Ubuntu Server',
  shelf: systemShelf,
  plan(input: PlanInput) {
    const { profile, origin } = input;
    installDisk(profile);
    requireReadable(profile, ['nocloud']);
    const folder = systemShelf(profile);
    const iso = onShelf(folder, `ubuntu-${versionOf(profile)}-live-server-${profile.arch}.iso`);
    return {
      kernel: onShelf(folder, 'vmlinuz'),
      initrds: [onShelf(folder, 'initrd')],
      extras: [iso],
      args: [
        'root=/dev/ram0',
        'ramdisk_size=1500000',
        'ip=dhcp',
        `url=${artifactUrl(iso, origin)}`,
        ...seed(input.documents.nocloud),
        ...consoles(profile),
        ...profile.kernel_args,
      ],
    };
  },
};

function seed(url: string | undefined): string[] {
  if (url === undefined) return ['cloud-config-url=/dev/null'];
  return ['autoinstall', 'cloud-config-url=/dev/null', ...nocloudSeed(url)];
}
