import type { MachineKey } from '../../model/machine.ts';
import type {
  HealthView,
  MachinePage,
  MachineQuery,
  MachineView,
  Preview,
  ProfileRow,
  ProfileView,
  ReleasesView,
  RemovedRelease,
  RolledBack,
  SyncSteps,
} from '../../model/views.ts';
import type { Origin } from '../../model/plan.ts';

export type { HealthView, Preview, ProfileRow, ProfileView, ReleasesView, SyncSteps } from '../../model/views.ts';

export interface Adoption {
  readonly key: MachineKey;
  readonly profile: string;
  /** The node's name; made of what the machine calls itself, or of its MAC, when absent. */
  readonly name?: string;
}

/** The machine that was meant. */
export interface Named {
  readonly key: MachineKey;
  /** The node's. */
  readonly name?: string;
}

/**
 * Everything that people see and do, for the API, the pages and the command line alike. Throws Failure: `not-found`,
 * `invalid`, `conflict` (the file was changed meanwhile), `broken`, `unavailable` (the journal is off).
 */
export interface AdminService {
  machines(query: MachineQuery): Promise<MachinePage>;
  machine(key: MachineKey, origin: Origin): Promise<MachineView>;
  /** A text that a machine was sent. */
  sent(digest: string): Promise<string>;
  /** Writes the machine into the profile's `nodes`, also out of another profile's. Gives what was written. */
  adopt(adoption: Adoption): Promise<{ readonly file: string; readonly name: string }>;
  /** Takes the machine out of its profile's `nodes`. */
  release(key: MachineKey): Promise<{ readonly file: string; readonly name: string }>;
  /** Lets the installer run once more at its next boot. The key or the node's name. */
  reinstall(machine: string): Promise<Named>;
  /** Takes that back. */
  cancelReinstall(machine: string): Promise<Named>;
  /** Lets go of an installer that left and has not reported, and of its tries. */
  releaseClaim(machine: string): Promise<Named>;
  /** After state/ was lost: what it says now is all there is. False when it was not lost. */
  acceptState(): Promise<{ readonly accepted: boolean }>;
  profiles(): Promise<readonly ProfileRow[]>;
  profile(name: string): Promise<ProfileView>;
  previewProfile(name: string, text: string): Promise<Preview>;
  /** `revision` is the one of the text that the change began with; undefined creates the file. */
  saveProfile(name: string, text: string, revision: string | undefined): Promise<Preview>;
  releases(): Promise<ReleasesView>;
  /** Begins a run of the release sync unless one is running. `run` is the one that began, or the one under way. */
  syncNow(wishes?: {
    readonly allowDowngrade?: boolean;
  }): Promise<{ readonly started: boolean; readonly run?: number }>;
  /**
   * What the newest run has told after step `after` (0: all of it). Waits a few seconds for the next step where there
   * is none. Throws `not-found` for a run that is not the newest.
   */
  syncSteps(run: number, after: number): Promise<SyncSteps>;
  /** This and the next two throw Failure `conflict` while a sync runs. */
  rollback(profile: string, version?: string): Promise<RolledBack>;
  /** Lets a profile keep its version, or follow its channel again. Gives a line for people. */
  pin(profile: string, change: 'pin' | 'unpin'): Promise<{ readonly message: string }>;
  /** Takes away the releases that retention has no reason to keep; `keep` of each channel instead of the setting's. */
  prune(keep?: number): Promise<{ readonly removed: readonly RemovedRelease[] }>;
  health(): Promise<HealthView>;
  /** Called when pages may look different, at most a few times a second; returns what ends it. */
  onChange(listener: (what: 'machines' | 'profiles' | 'releases') => void): () => void;
}
