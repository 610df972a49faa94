import type { MachineKey } from '../../model/machine.ts';
import type { MachinePage, MachineQuery, MachineView } from '../../model/views.ts';
import type { Adoption, Named } from '../service/operations.ts';

export interface LoginLink {
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The same link for browsers on other hosts, where the server can be reached from there. */
  readonly elsewhere: readonly string[];
}

/** What commands ask the admin service: of the server that runs on the data directory, or of the directory itself. */
export interface AdminClient {
  readonly at: 'files' | 'server';
  machines(query: MachineQuery): Promise<MachinePage>;
  machine(key: MachineKey): Promise<MachineView>;
  adopt(adoption: Adoption): Promise<{ readonly file: string; readonly name: string }>;
  /** A key or a node's name. */
  reinstall(machine: string): Promise<Named>;
  cancelReinstall(machine: string): Promise<Named>;
  releaseClaim(machine: string): Promise<Named>;
  acceptState(): Promise<{ readonly accepted: boolean }>;
  /** Throws Failure `unavailable` where no server runs. */
  loginLink(): Promise<LoginLink>;
  /** Calls back when something may have changed, until the signal aborts; then it resolves. */
  watch(changed: () => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
