import type { FileDiagnostic } from '../model/failure.ts';
import type { InstallIdentity, MachineKey } from '../model/machine.ts';
import { type Life, lifeOf } from './life.ts';
import type { Asker, InstallMark, InstallTarget, RefusedReport } from './mark.ts';

/** A machine whose profile installs, as it asks. */
export interface LifeQuestion {
  readonly who: InstallIdentity;
  readonly target: InstallTarget;
  /** How many installations may begin without a report. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** It is not its own profile: it is to be installed once (`pending`), or its installer left in that way (`used`). */
  readonly once?: 'pending' | 'used' | undefined;
  /** Whether a profile names the machine of a mark now. Absent: it counts as named. */
  readonly listed?: (mark: InstallMark) => boolean;
}

/** The same of a machine that is to get its installer, and by what that is seen to begin. */
export interface ClaimQuestion extends LifeQuestion {
  readonly asker: Asker;
  /** Below images/: what its boot loader fetches last. */
  readonly file?: string | undefined;
  /** Nothing of that installation can be seen from here. */
  readonly blind: boolean;
  /** What it is told to boot carries a token. */
  readonly carries: boolean;
}

/** What the boot service asks: how far the installation of a machine is. Changes nothing. */
export interface MarkView {
  of(who: InstallIdentity): InstallMark | undefined;
  /** The marks that speak of one boot of another profile. Mostly none: then no mark need be looked for. */
  readonly onces: ReadonlySet<MachineKey>;
  /** What the machine would get. `asker`: when it matters who asks. */
  life(question: LifeQuestion, asker?: Asker): Life;
}

/** Nothing is installed: for a boot service that is asked about profiles alone. */
export const NO_MARKS: MarkView = {
  of: () => undefined,
  onces: new Set(),
  life: ({ target, limit, now }) => lifeOf({ related: { conflict: false }, target, limit, now }),
};

/** The seam that hands out installers. */
export interface Claims {
  /**
   * `install` only when the machine's claim is on the disk, file and folder synced; everything else waits or boots its
   * own disk. Who asks first has the claim until it has begun or an operator releases it. One boot of another profile is
   * used up by the same write. Undefined: that is not pending any more, and the machine must be looked at anew.
   */
  claim(question: ClaimQuestion): Promise<Life | undefined>;
  /**
   * The one boot that an operator asked for is used up: on the disk before its script leaves. False when it is not pending
   * any more. Throws Failure `unavailable`: then the machine waits. For a profile that installs: `claim`.
   */
  takeOnce(who: InstallIdentity, profile: string): Promise<boolean>;
  /** Remembers what was seen together. `listed`: a profile names the machine. Answers do not wait for it. */
  saw(who: InstallIdentity, listed: boolean): void;
}

/**
 * Which machines are being installed and which are installed: one small file each in state/machines/, so that losing
 * the journal never installs a machine again.
 */
export interface InstallMarks extends MarkView, Claims {
  /**
   * Makes them this process's own, for as long as it lives or until `close`, reads them again, and finds out whether they
   * can be written. While another process has them no installer leaves and nothing is changed. Not needed for looking.
   */
  start(): Promise<void>;
  /** Why no installer leaves and no report is taken, for people; undefined while all is well. */
  trouble(): string | undefined;
  /** What is wrong with the marks, for people and monitors: that, and files that cannot be understood. */
  problems(): readonly FileDiagnostic[];
  /** The machine that waits for this file at this address has it: a try is used up. Nothing for any other file. */
  fetched(address: string, file: string): Promise<void>;
  /** The machine has all that its installer needs: a try is used up. Nothing without a claim before it. */
  begun(who: InstallIdentity): Promise<void>;
  /**
   * Its disk is in charge from now on. Resolves when that is on the disk. Throws Failure `unavailable` when it cannot be
   * put there: the client shall come again. An old installer's late report does not end what an operator asked for.
   */
  installed(who: InstallIdentity, target: InstallTarget): Promise<void>;
  /**
   * A report of it did not count. While its installation runs it waits for an operator from now on, until one that counts.
   * Throws Failure as `installed`.
   */
  refused(who: InstallIdentity, report: RefusedReport): Promise<void>;
  /** An operator's go for one more installation, with all tries. Throws Failure as `installed`. */
  reinstall(who: InstallIdentity, target: InstallTarget): Promise<void>;
  /** Takes that go back. False when there was none. Throws Failure as `installed`. */
  cancel(who: InstallIdentity): Promise<boolean>;
  /**
   * The machine's next boot is this profile's. `disk`: where that installs, and what may be erased. Throws Failure as
   * `installed`, and `conflict` where it is to be erased.
   */
  bootOnce(who: InstallIdentity, profile: string, disk?: string): Promise<void>;
  /** Takes that back. False when there was none. Throws Failure as `installed`. */
  cancelOnce(who: InstallIdentity): Promise<boolean>;
  /** Lets go of a claim and of the tries. False when there was nothing to let go of. Throws Failure as `installed`. */
  release(who: InstallIdentity): Promise<boolean>;
  /**
   * An operator's go after state/ was lost: what it says now is all there is. False when it was not. Throws Failure as
   * `installed`.
   */
  accept(): Promise<boolean>;
  all(): readonly InstallMark[];
  /** Writes what is not on the disk yet, once more. */
  close(): Promise<void>;
}
