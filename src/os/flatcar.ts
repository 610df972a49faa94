import type { Profile } from '../model/profile.ts';
import { argument, consoles, requireReadable, sshKey } from './arguments.ts';
import { onShelf, systemShelf } from './artifacts.ts';
import { installation, installImage } from './installing.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Flatcar Container Linux. Ignition (spec 3, or 2.x which it translates) by `ignition.config.url` and
 * `flatcar.first_boot=1`: never `detected`, which would also clear a flag on a disk that PXE does not have.
 * `cloud-config-url` still works. Both may be given: Ignition runs first, in the initramfs.
 *
 * There is no kernel argument that installs: a live system with an Ignition of ours runs flatcar-install, which gives
 * the profile's documents to the disk. `root` would be that disk, so it is left out.
 */
export const FLATCAR: System = {
  id: 'flatcar',
  title: 'Flatcar Container Linux',
  shelf: systemShelf,
  plan(input: PlanInput) {
    const { profile, documents } = input;
    requireReadable(profile, ['ignition', 'cloud_config']);
    const folder = systemShelf(profile);
    const install = installation(input);
    const ignition = install?.ignition ?? documents.ignition;
    return {
      kernel: onShelf(folder, 'flatcar_production_pxe.vmlinuz'),
      initrds: [onShelf(folder, 'flatcar_production_pxe_image.cpio.gz')],
      extras: install === undefined ? [] : installImage('flatcar', folder),
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...(ignition === undefined ? [] : ['flatcar.first_boot=1', `ignition.config.url=${ignition}`]),
        ...argument('cloud-config-url', install === undefined ? documents.cloud_config : undefined),
        ...autologin(profile),
        ...sshKey(input),
        ...argument('root', install === undefined ? profile.root : undefined),
        ...profile.kernel_args,
      ],
    };
  },
};

/** The old key names a terminal; `true` stands for the bare word, which logs in on every console. */
function autologin(profile: Profile): string[] {
  if (profile.coreos_autologin === 'true') return ['flatcar.autologin'];
  return argument('flatcar.autologin', profile.coreos_autologin);
}
