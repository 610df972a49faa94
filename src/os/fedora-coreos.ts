import { artifactUrl } from '../model/plan.ts';
import type { Arch, Profile } from '../model/profile.ts';
import { argument, consoles, requireReadable } from './arguments.ts';
import { onShelf, systemShelf, versionOf } from './artifacts.ts';
import { installDisk } from './installing.ts';
import type { InstallLinks, PlanInput, System } from './system.ts';

const MACHINE: Readonly<Record<Arch, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * Fedora CoreOS, live or installing. The live root file system comes by `coreos.live.rootfs_url` (2 GiB of memory
 * are enough; as a second initramfs it would need 4) and is fetched with HEAD first, by curl in the initramfs.
 * `coreos.inst.*` start the installer, which hands `coreos.inst.ignition_url` to the installed system; a plain http URL is
 * allowed there (coreos-installer-service adds --insecure-ignition). The `ignition.*` arguments beside them are the live
 * system's own: coreos-installer's documentation combines the two on PXE for hooks of the installation
 * (customizing-install.md), and ours is the hook that reports. The image is in the live system (osmet): nothing else is
 * fetched.
 */
export const FEDORA_COREOS: System = {
  id: 'fedora-coreos',
  title: 'Fedora CoreOS',
  shelf: systemShelf,
  plan(input: PlanInput) {
    const { profile, origin } = input;
    requireReadable(profile, ['ignition']);
    const folder = systemShelf(profile);
    const names = liveNames(versionOf(profile), profile.arch);
    const rootfs = onShelf(folder, names.rootfs);
    return {
      kernel: onShelf(folder, names.kernel),
      initrds: [onShelf(folder, names.initramfs)],
      extras: [rootfs],
      args: [
        `coreos.live.rootfs_url=${artifactUrl(rootfs, origin)}`,
        ...configuration(profile, input.documents.ignition, input.install),
        ...consoles(profile),
        ...profile.kernel_args,
      ],
    };
  },
};

function configuration(profile: Profile, ignition: string | undefined, install: InstallLinks | undefined): string[] {
  const disk = installDisk(profile);
  if (disk === undefined) return live(ignition);
  return [
    `coreos.inst.install_dev=${disk}`,
    ...argument('coreos.inst.ignition_url', ignition),
    // Who is asked for by the profile's name alone has nobody to report as.
    ...live(install?.ignition),
  ];
}

/** PXE is always "metal", also in a virtual machine: other platforms look for their configuration elsewhere. */
function live(ignition: string | undefined): string[] {
  if (ignition === undefined) return [];
  return ['ignition.firstboot', 'ignition.platform.id=metal', `ignition.config.url=${ignition}`];
}

/**
 * The publisher's file names. The kernel was `-live-kernel-x86_64` until the builds of April 2025 and is
 * `-live-kernel.x86_64` since (42.20250410.3.1 is the first stable one). A version carries its build date
 * (FEDORA.YYYYMMDD.STREAM.N), so the date decides; without one the new name is taken.
 */
function liveNames(version: string, arch: Arch): { kernel: string; initramfs: string; rootfs: string } {
  const machine = MACHINE[arch];
  const date = /^\d+\.(\d{8})\./.exec(version)?.[1];
  const before = `fedora-coreos-${version}-live`;
  const dash = date !== undefined && date < '20250401';
  return {
    kernel: `${before}-kernel${dash ? '-' : '.'}${machine}`,
    initramfs: `${before}-initramfs.${machine}.img`,
    rootfs: `${before}-rootfs.${machine}.img`,
  };
}
