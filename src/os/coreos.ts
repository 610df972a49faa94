import { argument, consoles, requireReadable, sshKey } from './arguments.ts';
import { onShelf, versionOf } from './artifacts.ts';
import { installation, installImage } from './installing.ts';
import type { InstallLinks, PlanInput, System } from './system.ts';

/**
 * CoreOS Container Linux (its end of life was 2020; coreos-ipxe-server booted nothing else). The arguments stand in
 * coreos-ipxe-server's order; what it did not know (Ignition, kernel_args) follows.
 *
 * `cloud-config-url` is read on every boot (coreos-cloudinit, datasource/proc_cmdline). Ignition runs only with
 * `coreos.first_boot`, and `coreos.config.url` is the only name that every Container Linux understands.
 *
 * There is no kernel argument that installs: a live system with a configuration of ours runs coreos-install, which gives
 * the profile's documents to the disk. That configuration is Ignition for who uses it, else cloud-config, which the
 * images from before Ignition know as well. `root` would be the disk, so it is left out.
 */
export const COREOS: System = {
  id: 'coreos',
  title: 'CoreOS Container Linux',
  shelf: (profile) => `${profile.arch}-usr/${versionOf(profile)}`,
  plan(input: PlanInput) {
    const { profile, documents } = input;
    requireReadable(profile, ['cloud_config', 'ignition']);
    const folder = `${profile.arch}-usr/${versionOf(profile)}`;
    const install = installation(input);
    const { ignition, cloud_config } = install === undefined ? documents : liveDocuments(install, documents.ignition);
    return {
      kernel: onShelf(folder, 'coreos_production_pxe.vmlinuz'),
      initrds: [onShelf(folder, 'coreos_production_pxe_image.cpio.gz')],
      extras: install === undefined ? [] : installImage('coreos', folder),
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...argument('cloud-config-url', cloud_config),
        ...argument('coreos.autologin', profile.coreos_autologin),
        ...sshKey(input),
        ...argument('root', install === undefined ? profile.root : undefined),
        ...(ignition === undefined ? [] : ['coreos.first_boot=1', `coreos.config.url=${ignition}`]),
        ...profile.kernel_args,
      ],
    };
  },
};

function liveDocuments(install: InstallLinks, own: string | undefined): PlanInput['documents'] {
  return own === undefined ? { cloud_config: install.cloudConfig } : { ignition: install.ignition };
}
