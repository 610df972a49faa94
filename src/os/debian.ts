import { macHyphens } from '../model/mac.ts';
import { consoles, requireReadable } from './arguments.ts';
import { onShelf, systemShelf } from './artifacts.ts';
import { installDisk } from './installing.ts';
import type { PlanInput, System } from './system.ts';

/**
 * Debian's installer, with preseeding (installation guide, appendix B). What stands after `---` is kept for the
 * installed system: the consoles and `kernel_args`. An operator who wants arguments for the installer alone writes
 * his own `---` into `kernel_args`: what stands before it goes before ours. `install` is said in the preseed itself.
 */
export const DEBIAN: System = {
  id: 'debian',
  title: 'Debian',
  shelf: systemShelf,
  plan(input: PlanInput) {
    const { profile } = input;
    installDisk(profile);
    requireReadable(profile, ['preseed']);
    const folder = systemShelf(profile);
    const split = profile.kernel_args.indexOf('---');
    const installer = split < 0 ? [] : profile.kernel_args.slice(0, split);
    const kept = [...consoles(profile), ...profile.kernel_args.slice(split + 1)];
    return {
      kernel: onShelf(folder, 'linux'),
      initrds: [onShelf(folder, 'initrd.gz')],
      extras: [],
      args: [...preseeding(input), ...installer, ...(kept.length === 0 ? [] : ['---', ...kept])],
    };
  },
};

/** What debian-installer needs to find its answers by itself; nothing without a preseed. */
export function preseeding(input: PlanInput): string[] {
  const url = input.documents.preseed;
  if (url === undefined) return [];
  const { mac } = input.facts;
  return [
    'auto=true',
    'priority=critical',
    `url=${url}`,
    ...hostname(input),
    'interface=auto',
    // With several network cards "auto" means the one that booted (netcfg reads pxelinux' BOOTIF).
    ...(mac === undefined ? [] : [`BOOTIF=01-${macHyphens(mac)}`]),
  ];
}

/** Asked for before the preseed document is there, hence on the kernel line. `a.example.org` is a host in a domain. */
function hostname(input: PlanInput): string[] {
  const name = input.node?.name ?? '';
  const parts = /^([A-Za-z0-9][A-Za-z0-9-]{0,62})(?:\.([A-Za-z0-9][A-Za-z0-9.-]{0,200}))?$/.exec(name);
  if (parts?.[1] === undefined) return [];
  return [`hostname=${parts[1]}`, ...(parts[2] === undefined ? [] : [`domain=${parts[2]}`])];
}
