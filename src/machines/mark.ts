import type { Mac, MachineIdentity, MachineKey } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';

/** What is installed, and where. */
export interface InstallTarget {
  /** The profile's name. */
  readonly profile: string;
  readonly disk: string;
}

/** Who asked for the installer: its address, and the network card that it said. */
export interface Asker {
  readonly address: string;
  readonly mac?: Mac | undefined;
}

/** The installer that left: to whom, when, and by which file it is seen to begin. */
export interface Claim extends Asker {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Below images/: what its boot loader fetches last. Absent: nothing of the kind comes from here. */
  readonly file?: string;
}

export interface RefusedReport {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** From where it came. */
  readonly address: string;
}

/**
 * `seen`: no installation, its MAC, UUID and serial number are remembered because a profile names it. `claimed`: its
 * installer left and has not begun. `installing`: it began. `erase-pending`: an operator wants it installed anew. The
 * table of docs/lifecycle.md says what follows from each.
 */
export const MARK_STATES = ['seen', 'claimed', 'installing', 'installed', 'erase-pending'] as const;
export type MarkState = (typeof MARK_STATES)[number];

/** Another profile than its own, for one boot: pending until `used`, when that boot's script left. */
export interface OnceBoot {
  /** The profile's name. */
  readonly profile: string;
  /** It installs there, and an operator said that what is on that disk may go. */
  readonly disk?: string;
  /** Milliseconds since 1970, as all times here. */
  readonly since: number;
  readonly used?: number;
}

/** How far the installation of one machine is. Times are milliseconds since 1970. */
export interface InstallMark extends InstallTarget {
  readonly key: MachineKey;
  /** The machine that it was made for. */
  readonly machine: MachineIdentity;
  /** Other network cards that were seen in this machine. */
  readonly macs?: readonly Mac[];
  readonly state: MarkState;
  /** Since when it is in that state. */
  readonly since: number;
  /** How many installations have begun since an operator last asked for one. */
  readonly tries: number;
  /**
   * When the last one began. Up to half a minute ahead: nothing of that installation can be seen from here, and it will
   * count as begun then.
   */
  readonly begun?: number;
  /** The last installer that left. */
  readonly claim?: Claim;
  /**
   * Of which installation tokens count: when its first installer left that carried one. It stays over further tries, and
   * on the disk that was written; absent where the installer left without a token.
   */
  readonly tokens?: number;
  /** A report of this installation that did not count: it may have been the machine's own, so an operator must look. */
  readonly refused?: RefusedReport;
  readonly once?: OnceBoot;
  /** Why nothing is known though there is a file: it cannot be understood. The machine waits. */
  readonly broken?: string;
}

/** Its installer left, and has not reported. */
export function isOpen(mark: InstallMark | undefined): boolean {
  return mark?.state === 'claimed' || mark?.state === 'installing';
}

/** An installation of which nothing can be seen counts as begun so long after its script. */
export const BLIND_MS = 30_000;

/** What it says of an installation is of a profile that was to be installed once: its own never goes on with that. */
export function isOnceInstall({ once, profile }: Pick<InstallMark, 'once' | 'profile'>): boolean {
  return once?.disk !== undefined && once.used !== undefined && once.profile === profile;
}

/** True while the last installation that the mark counts has not begun yet. A clock that was set back does not matter. */
export function isPending({ begun }: Pick<InstallMark, 'begun'>, now: number): boolean {
  return begun !== undefined && begun > now && begun - now <= BLIND_MS;
}

/** How many installations of this target have begun by now. Another profile or disk is another installation. */
export function triesOf(mark: InstallMark | undefined, target: InstallTarget, now: number): number {
  if (mark?.state !== 'installing' && mark?.state !== 'claimed') return 0;
  if (!isTarget(mark, target)) return 0;
  return mark.state === 'installing' && isPending(mark, now) ? mark.tries - 1 : mark.tries;
}

export function isTarget(mark: InstallTarget, { profile, disk }: InstallTarget): boolean {
  return mark.profile === profile && mark.disk === disk;
}

/** True when the one that asks is not known to be another than the one that holds the claim. */
export function isSameAsker(claim: Asker | undefined, asker: Asker | undefined): boolean {
  if (claim === undefined || asker === undefined) return true;
  if (claim.address !== asker.address) return false;
  return claim.mac === undefined || asker.mac === undefined || claim.mac === asker.mac;
}

/**
 * When a machine that got its boot script at `at` counts as failed unless it has phoned home, in milliseconds since 1970.
 * Undefined: never, its profile sets no `boot_timeout`.
 */
export function deadlineOf({ boot_timeout }: Pick<Profile, 'boot_timeout'>, at: number): number | undefined {
  return boot_timeout === undefined ? undefined : at + boot_timeout * 1000;
}

/** Network cards that are remembered of one machine. */
const MOST_CARDS = 16;

/** The cards of a machine with this one among them. */
export function cardsOf(
  { machine, macs }: { readonly machine: MachineIdentity; readonly macs?: readonly Mac[] | undefined },
  mac: Mac | undefined,
): readonly Mac[] | undefined {
  if (mac === undefined || mac === machine.mac || macs?.includes(mac) === true) return macs;
  if (macs !== undefined && macs.length >= MOST_CARDS) return macs;
  return [...(macs ?? []), mac];
}
