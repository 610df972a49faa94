import type { Match } from '../catalog/snapshot.ts';
import { Failure } from '../model/failure.ts';
import type { MachineArch, MachineFacts } from '../model/facts.ts';
import type { Arch } from '../model/profile.ts';

/**
 * Which machines can run which kernels. A BIOS iPXE says i386 on any processor (only our own start script asks the CPU),
 * so i386 does not contradict amd64.
 */
const RUNS: Readonly<Record<Arch, readonly MachineArch[]>> = { amd64: ['x86_64', 'i386'], arm64: ['arm64'] };

/**
 * `this machine is arm64, profiles/u.json boots amd64`; undefined when they fit, or when either side does not say. The
 * kernel of a `custom` profile may be for any processor as long as the profile does not name its `arch`.
 */
export function wrongArch({ profile }: Match, { arch }: MachineFacts): string | undefined {
  const said = profile.system !== 'custom' || profile.raw['arch'] !== undefined;
  if (!said || arch === undefined || RUNS[profile.arch].includes(arch)) return undefined;
  return `this machine is ${arch}, ${profile.file} boots ${profile.arch}`;
}

/** For the machine's screen. */
export function wrongArchLines(wrong: string): readonly string[] {
  return [wrong, 'Such a kernel cannot run here. Name the machine in a profile with the right "arch".'];
}

/** For what has no screen of ours: pixiecore's API, GRUB. */
export function wrongArchFailure(wrong: string): Failure {
  return new Failure('unavailable', wrong, { remedy: 'name the machine in a profile with the right "arch"' });
}
