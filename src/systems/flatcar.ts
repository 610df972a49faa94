import type { Profile } from '../domain/profile.ts';
import { argument, consoles, refuseInstall, requireReadable, sshKey } from './arguments.ts';
import { onShelf, systemShelf } from './artifacts.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Flatcar Container Linux. Ignition (spec 3, or 2.x which it translates) by `ignition.config.url` and
 * `flatcar.first_boot=1`: never `detected`, which would also clear a flag on a disk that PXE does not have.
 * `cloud-config-url` still works. Both may be given: Ignition runs first, in the initramfs.
 */
export const FLATCAR: System = {
  id: 'flatcar',
  title: 'Flatcar Container Linux',
  shelf: systemShelf,
  plan(input: PlanInput) {
    const { profile, documents } = input;
    refuseInstall(profile, 'boot it live with a configuration that runs flatcar-install');
    requireReadable(profile, ['ignition', 'cloud_config']);
    const folder = systemShelf(profile);
    const { ignition } = documents;
    return {
      kernel: onShelf(folder, 'flatcar_production_pxe.vmlinuz'),
      initrds: [onShelf(folder, 'flatcar_production_pxe_image.cpio.gz')],
      extras: [],
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...(ignition === undefined ? [] : ['flatcar.first_boot=1', `ignition.config.url=${ignition}`]),
        ...argument('cloud-config-url', documents.cloud_config),
        ...autologin(profile),
        ...sshKey(input),
        ...argument('root', profile.root),
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
