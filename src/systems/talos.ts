import { Failure } from '../domain/failure.ts';
import type { Profile } from '../domain/profile.ts';
import { argument, consoles, requireReadable } from './arguments.ts';
import { onShelf, systemShelf } from './artifacts.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Talos Linux. The machine configuration is the profile's `generic` document. Talos would expand `${uuid}` and the
 * like in `talos.config` itself, but iPXE expands `${...}` first: the URL holds literal values instead.
 * The first three arguments are required (kernel self-protection), the publisher's own scripts add the others.
 */
export const TALOS: System = {
  id: 'talos',
  title: 'Talos Linux',
  shelf: systemShelf,
  plan(input: PlanInput) {
    const { profile } = input;
    refuseInstall(profile);
    requireReadable(profile, ['generic']);
    const folder = systemShelf(profile);
    return {
      kernel: onShelf(folder, `vmlinuz-${profile.arch}`),
      initrds: [onShelf(folder, `initramfs-${profile.arch}.xz`)],
      extras: [],
      args: [
        'talos.platform=metal',
        'slab_nomerge',
        'pti=on',
        'init_on_alloc=1',
        ...screens(profile),
        'printk.devkmsg=on',
        ...argument('talos.config', input.documents.generic),
        ...profile.kernel_args,
      ],
    };
  },
};

/** Talos decides by its machine configuration alone, and reports to nobody: a disk named here would do nothing. */
function refuseInstall({ file, install }: Profile): void {
  if (install === undefined) return;
  throw new Failure('broken', 'talos cannot be installed by its profile', {
    place: { file, key: 'install' },
    remedy: 'name the disk in the machine configuration (machine.install.disk)',
  });
}

/** Talos shows its dashboard on tty0 and has no login: the only system here with a console of its own choice. */
function screens(profile: Profile): string[] {
  const given = consoles(profile);
  if (given.length > 0) return given;
  return profile.arch === 'arm64' ? ['console=ttyAMA0', 'console=tty0'] : ['console=tty0'];
}
