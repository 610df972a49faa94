import { Failure } from '../domain/failure.ts';
import { artifactUrl } from '../domain/plan.ts';
import type { Arch, Profile } from '../domain/profile.ts';
import { argument, consoles, requireReadable } from './arguments.ts';
import { onShelf, systemShelf, versionOf } from './artifacts.ts';
import type { PlanInput, System } from './system.ts';

const MACHINE: Readonly<Record<Arch, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * Fedora CoreOS, live or installing. The live root file system comes by `coreos.live.rootfs_url` (2 GiB of memory
 * are enough; as a second initramfs it would need 4) and is fetched with HEAD first, by curl in the initramfs.
 * `coreos.inst.*` stand instead of the `ignition.*` arguments: the installer hands the URL to the installed system.
 * A plain http URL is allowed there (coreos-installer-service adds --insecure-ignition).
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
        ...configuration(profile, input.documents.ignition),
        ...consoles(profile),
        ...profile.kernel_args,
      ],
    };
  },
};

function configuration(profile: Profile, ignition: string | undefined): string[] {
  const disk = profile.install?.disk;
  if (disk === undefined) {
    if (ignition === undefined) return [];
    // PXE is always "metal", also in a virtual machine: other platforms look for their configuration elsewhere.
    return ['ignition.firstboot', 'ignition.platform.id=metal', `ignition.config.url=${ignition}`];
  }
  if (!/^\/dev\/[A-Za-z0-9_./:+-]{1,200}$/.test(disk)) {
    throw new Failure('broken', `"${disk.slice(0, 80)}" is not a disk`, {
      place: { file: profile.file, key: 'install.disk' },
      remedy: 'write a device such as "/dev/sda" or "/dev/disk/by-id/..."',
    });
  }
  return [`coreos.inst.install_dev=${disk}`, ...argument('coreos.inst.ignition_url', ignition)];
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
