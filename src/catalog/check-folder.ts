import type { Log } from '../domain/log.ts';
import type { DataRoot } from '../files/data-root.ts';
import { CatalogState } from './catalog-state.ts';
import type { Inspector, Snapshot } from './snapshot.ts';

/** Reads and checks the folders once, as a fresh start would, and watches nothing: for `pilotlight check`. */
export async function checkFolder(options: {
  readonly files: DataRoot;
  readonly inspector: Inspector;
  readonly log: Log;
}): Promise<Snapshot> {
  const state = new CatalogState({ ...options, now: Date.now });
  await state.look();
  return state.snapshot;
}
