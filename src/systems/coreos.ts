import { argument, consoles, refuseInstall, requireReadable, sshKey } from './arguments.ts';
import { onShelf, versionOf } from './artifacts.ts';
import type { PlanInput, System } from './system.ts';

/**
 * CoreOS Container Linux (its end of life was 2020; coreos-ipxe-server booted nothing else). The arguments stand in
 * coreos-ipxe-server's order; what it did not know (Ignition, kernel_args) follows.
 *
 * `cloud-config-url` is read on every boot (coreos-cloudinit, datasource/proc_cmdline). Ignition runs only with
 * `coreos.first_boot`, and `coreos.config.url` is the only name that every Container Linux understands.
 */
export const COREOS: System = {
  id: 'coreos',
  title: 'CoreOS Container Linux',
  shelf: (profile) => `${profile.arch}-usr/${versionOf(profile)}`,
  plan(input: PlanInput) {
    const { profile, documents } = input;
    refuseInstall(profile, 'boot it live with a configuration that runs coreos-install');
    requireReadable(profile, ['cloud_config', 'ignition']);
    const folder = `${profile.arch}-usr/${versionOf(profile)}`;
    const { ignition } = documents;
    return {
      kernel: onShelf(folder, 'coreos_production_pxe.vmlinuz'),
      initrds: [onShelf(folder, 'coreos_production_pxe_image.cpio.gz')],
      extras: [],
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...argument('cloud-config-url', documents.cloud_config),
        ...argument('coreos.autologin', profile.coreos_autologin),
        ...sshKey(input),
        ...argument('root', profile.root),
        ...(ignition === undefined ? [] : ['coreos.first_boot=1', `coreos.config.url=${ignition}`]),
        ...profile.kernel_args,
      ],
    };
  },
};
