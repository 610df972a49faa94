import type { MachineFacts } from '../domain/facts.ts';
import type { MachineKey } from '../domain/machine.ts';

/** By what a machine can be told from others. */
export type MachineIdentity = Pick<MachineFacts, 'mac' | 'uuid' | 'serial'>;

/** Whom a mark is for. */
export interface InstallIdentity {
  /** By what the machine was matched: its mark is kept under this. */
  readonly key: MachineKey;
  /** What else its profile says that it is known by: a mark under one of these is its own, too. */
  readonly also: readonly MachineKey[];
  /** What it said of itself. */
  readonly machine: MachineIdentity;
}

/** What is installed, and where. */
export interface InstallTarget {
  /** The profile's name. */
  readonly profile: string;
  readonly disk: string;
}

/** How far the installation of one machine is. Times are milliseconds since 1970. */
export interface InstallMark extends InstallTarget {
  readonly key: MachineKey;
  /** The machine that it was made for. */
  readonly machine: MachineIdentity;
  readonly state: 'installing' | 'installed';
  /** Since when it is in that state. */
  readonly since: number;
  /** How many installations have begun since an operator last asked for one. */
  readonly tries: number;
  /**
   * When the last one began. Up to half a minute ahead: nothing of that installation can be seen from here, and it will
   * count as begun then.
   */
  readonly begun?: number;
  /** Why it counts as installed though nobody said so: its file cannot be understood. */
  readonly broken?: string;
}

/** An installation of which nothing can be seen counts as begun so long after its script. */
export const BLIND_MS = 30_000;

/** True while the last installation that the mark counts has not begun yet. A clock that was set back does not matter. */
export function isPending({ begun }: Pick<InstallMark, 'begun'>, now: number): boolean {
  return begun !== undefined && begun > now && begun - now <= BLIND_MS;
}

/** How many installations of this target have begun by now. Another profile or disk is another installation. */
export function triesOf(mark: InstallMark | undefined, target: InstallTarget, now: number): number {
  if (mark?.state !== 'installing' || mark.profile !== target.profile || mark.disk !== target.disk) return 0;
  return isPending(mark, now) ? mark.tries - 1 : mark.tries;
}
