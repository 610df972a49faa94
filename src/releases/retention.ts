import type { DataRoot } from '../files/data-root.ts';
import { listReleases, planRetention, removeRelease, type Retention } from './retain.ts';
import { namedShelves, unreadableProfile } from './in-use.ts';
import type { ClerkPorts } from './old-sync-ports.ts';

export interface RetentionPlan extends Retention {
  /** Why nothing is removed although it could be. */
  readonly hindered?: string;
}

type RetentionPorts = Pick<ClerkPorts, 'profiles' | 'booted' | 'keep'>;

/** What stays, why, and what may go. */
export async function retentionPlan(root: DataRoot, ports: RetentionPorts): Promise<RetentionPlan> {
  const snapshot = await ports.profiles();
  const inUse = { profiles: namedShelves(snapshot), booted: await ports.booted(), open: new Set<string>() };
  const plan = planRetention(await listReleases(root), inUse, ports.keep);
  const unreadable = unreadableProfile(snapshot);
  if (unreadable === undefined || plan.remove.length === 0) return plan;
  const because = `${unreadable} is broken and may name it`;
  return {
    keep: [...plan.keep, ...plan.remove.map((release) => ({ release, because }))],
    remove: [],
    hindered: because,
  };
}

/** Takes away what may go. Under the lock. Whoever has a file open reads on. */
export async function retain(
  root: DataRoot,
  ports: RetentionPorts & Pick<ClerkPorts, 'tell'>,
): Promise<readonly string[]> {
  const { remove } = await retentionPlan(root, ports);
  for (const release of remove) {
    await removeRelease(root, release);
    ports.tell({ kind: 'removed', shelf: release.shelf, size: release.size });
  }
  return remove.map(({ shelf }) => shelf);
}
