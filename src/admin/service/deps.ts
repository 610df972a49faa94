import type { Lease } from '../../dhcp/lease-book.ts';
import type { Diagnostic } from '../../model/failure.ts';
import type { BootService } from '../../boot/boot-service.ts';
import type { LivingCatalog } from '../../catalog/catalog.ts';
import type { Mac, MachineKey } from '../../model/machine.ts';
import type { Download } from '../../model/views.ts';
import type { Log } from '../../model/service.ts';
import type { DataRoot } from '../../files/data-root.ts';
import type { Journal } from '../../journal/journal.ts';
import type { InstallMarks } from '../../machines/claims.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Users } from '../auth/users.ts';
import type { SyncService } from '../../releases/sync-service.ts';
import type { ImageStore } from '../../images/store.ts';
import type { RolloutService } from '../../rollouts/rollouts.ts';
import type { PowerControl } from '../../power/power.ts';

/** A file on its way to a machine. */
export interface Delivery extends Download {
  readonly key: MachineKey;
}

/** The users, and the sessions of the server that runs; a command without a server has none. */
export interface Accounts {
  readonly users: Users;
  readonly sessions: Pick<Sessions, 'end' | 'list'>;
}

/** What the admin service works with: everything of it exists in the server already. */
export interface AdminDeps {
  readonly settings: Settings;
  readonly files: DataRoot;
  readonly catalog: LivingCatalog;
  /** What a machine would get. */
  readonly preview: Pick<BootService, 'script' | 'documentOf' | 'installer'>;
  readonly journal: Omit<Journal, 'start' | 'stop' | 'name' | 'sync' | 'discovery'>;
  readonly marks: InstallMarks;
  readonly rollouts: RolloutService;
  readonly imageStore: ImageStore;
  readonly accounts: Accounts;
  readonly deliveries: { readonly running: () => readonly Delivery[] };
  /** Why the server sends images through Node; undefined: past it. */
  readonly imagesThroughNode?: () => string | undefined;
  readonly power: PowerControl;
  /** What the DHCP server gave out. */
  readonly leases: () => readonly Lease[] | Promise<readonly Lease[]>;
  readonly sync: Pick<SyncService, 'nextRun' | 'progress' | 'runNow'>;
  /** Who made a network card; undefined for an unregistered one. */
  readonly vendorOf: (mac: Mac) => Promise<string | undefined>;
  /** Why the machine with this card may not boot, as only a server that runs has seen. */
  readonly bootHint?: (mac: Mac) => Diagnostic | undefined;
  /** What only the servers know is wrong: a port that could not be bound. */
  readonly diagnostics?: () => readonly Diagnostic[];
  readonly log: Log;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Seconds since the server began. */
  readonly uptime: () => number;
}
