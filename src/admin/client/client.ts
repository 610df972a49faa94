import type { StoredToken } from '../../model/discovery.ts';
import { Failure } from '../../model/failure.ts';
import type { MachineKey } from '../../model/machine.ts';
import type { Locked, SyncEvent, SyncReport } from '../../model/sync-event.ts';
import type { RolledBack } from '../../model/release-views.ts';
import type { MachineView } from '../../model/views.ts';
import type { SyncOnce } from '../../releases/sync-once.ts';
import type { AccountOperations } from '../service/accounts.ts';
import type { AdminOperations } from '../service/service.ts';

export interface LoginLink {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The same link for browsers on other hosts, where the server can be reached from there. */
  readonly elsewhere: readonly string[];
}

/** `left`: the person no longer watches; the run goes on in the server. */
export type FollowedSync = Locked<SyncReport> | { readonly kind: 'left' };

/**
 * What commands ask the admin service: of the server that runs on the data directory, so that its log and its pages
 * have it, or of the directory itself.
 */
export interface AdminClient extends Pick<
  AdminOperations,
  | 'acceptState'
  | 'activities'
  | 'adopt'
  | 'bootOnce'
  | 'cancelBootOnce'
  | 'cancelReinstall'
  | 'leases'
  | 'machineLog'
  | 'machines'
  | 'power'
  | 'reinstall'
  | 'reinstallNow'
  | 'releaseClaim'
  | 'rollout'
  | 'rollouts'
> {
  readonly at: 'files' | 'server';
  machine(key: MachineKey): Promise<MachineView>;
  /** Lets a profile boot the release before, or the named one. */
  rollback(profile: string, version: string | undefined): Promise<Locked<RolledBack>>;
  /** Lets a profile keep its version, or follow its channel again. Gives one line for people. */
  pin(profile: string, change: 'pin' | 'unpin'): Promise<Locked<string>>;
  /** Removes the releases that are not needed. `keep`: as the command line says; else the settings count. */
  prune(keep: number | undefined, emit: (event: SyncEvent) => void): Promise<Locked<unknown>>;
  /** Makes a run of the release sync and emits its steps until its end. Throws Failure as the run did. */
  sync(once: SyncOnce): Promise<FollowedSync>;
  /** The discovery tokens. */
  tokens(): Promise<readonly StoredToken[]>;
  /** Ends a token; a cluster that a profile asks for gets another one. Throws Failure `not-found`. */
  forgetToken(token: string): Promise<void>;
  /** Users, their API tokens and, of a server that runs, sessions. */
  accounts(): Promise<AccountOperations>;
  /** Throws Failure `unavailable` where no server runs. */
  loginLink(): Promise<LoginLink>;
  /** Calls back when something may have changed, until the signal aborts; then it resolves. */
  watch(changed: () => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** How often the machines are looked at where no events come. */
export const POLL_MS = 2000;

export function noToken(token: string): Failure {
  return new Failure('not-found', `there is no discovery token ${token}`, { remedy: 'see `pilotlight clusters`' });
}
