import { Failure } from '../model/failure.ts';
import type { Profile } from '../model/profile.ts';
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
        ...newer(profile),
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

/** What the publisher's own images say, and since which minor release of 1. Without `selinux=1` SELinux is off. */
const SINCE: readonly (readonly [number, string])[] = [
  [10, 'selinux=1'],
  [12, 'module.sig_enforce=1'],
  [13, 'proc_mem.force_override=never'],
];

/** A version that cannot be read counts as a new one. What the profile says of the same key stands alone. */
function newer({ version, kernel_args }: Profile): string[] {
  const [, major = '1', minor = '9999'] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  const own = new Set(kernel_args.map((arg) => arg.split('=')[0]));
  return SINCE.filter(([first]) => Number(major) > 1 || Number(minor) >= first)
    .map(([, arg]) => arg)
    .filter((arg) => !own.has(arg.split('=')[0]));
}

/** Talos shows its dashboard on tty0 and has no login: the only system here with a console of its own choice. */
function screens(profile: Profile): string[] {
  const given = consoles(profile);
  if (given.length > 0) return given;
  return profile.arch === 'arm64' ? ['console=ttyAMA0', 'console=tty0'] : ['console=tty0'];
}
