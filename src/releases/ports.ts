import type { LookupFunction } from 'node:net';
import type { Log } from '../model/log.ts';
import type { SystemId } from '../model/profile.ts';
import type { ArtifactKind } from '../model/release.ts';
import type { DataRoot } from '../files/data-root.ts';

/** Time and chance. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes: only for comparing with what publishers say. */
  readonly now: () => number;
  /** Resolves after `ms`, rejects with the signal's reason when it aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Milliseconds. */
export interface Limits {
  readonly connect: number;
  /** Without a single byte. */
  readonly idle: number;
  /** One file, with all its retries. */
  readonly total: number;
  /** After the first one. */
  readonly retries: number;
  /** Bytes of a file whose size nobody says: several times what the largest ones have today. */
  readonly ceilings: Readonly<Record<ArtifactKind, number>>;
}

const GIB = 1024 ** 3;
export const LIMITS: Limits = {
  connect: 15_000,
  idle: 60_000,
  total: 3_600_000,
  retries: 5,
  ceilings: { kernel: GIB / 4, initrd: 2 * GIB, rootfs: 4 * GIB, iso: 8 * GIB, install: 4 * GIB },
};

/** What reaches out to the network. */
export interface Network {
  readonly limits: Limits;
  readonly clock: Clock;
  /** `host:port` of every address that the operator configured: only these may be in a private network. */
  readonly configured: ReadonlySet<string>;
  readonly lookup: LookupFunction;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What people and programs are told while a release is obtained. */
export type ReleaseEvent =
  | { readonly kind: 'download'; readonly file: string; readonly received: number; readonly size: number | undefined }
  | {
      readonly kind: 'retry';
      readonly file: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly why: string;
    }
  | { readonly kind: 'verified'; readonly file: string; readonly size: number; readonly by: string }
  | { readonly kind: 'published'; readonly shelf: string };

export interface ReleasePorts {
  readonly root: DataRoot;
  readonly network: Network;
  readonly progress: (event: ReleaseEvent) => void;
  /** Free and total bytes of the file system that holds this host path. */
  readonly space: (path: string) => Promise<{ readonly free: number; readonly total: number }>;
  /** A key file that the operator names for a system, on the host. */
  readonly keyFile?: (system: SystemId) => string | undefined;
}
