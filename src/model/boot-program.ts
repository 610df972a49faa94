import type { MachineArch, Platform } from './facts.ts';

/** A boot program (NBP): iPXE for one kind of machine. */
export interface BootProgram {
  /** The name that we announce, and that a DHCP server names. */
  readonly name: string;
  readonly platform: Platform;
  readonly arch: MachineArch;
  /** For people: `BIOS`, `UEFI x86_64`. */
  readonly title: string;
  /** Where builds and distributions put it, below a firmware folder; the first that is there is taken. */
  readonly files: readonly string[];
}
