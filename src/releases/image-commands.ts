import { basename, resolve } from 'node:path';
import { Failure } from '../model/failure.ts';
import { readContext } from '../context/app-context.ts';
import { SILENT } from '../model/service.ts';
import type { Locked, SyncEvent, SyncReport } from '../model/sync-event.ts';
import type { Settings } from '../settings/settings.ts';
import { adoptByHand, listByHand } from './by-hand.ts';
import { type ImportRequest, importTarget, openImportFolder } from './file-import.ts';
import { planSync } from './plan.ts';
import { LIMITS } from './ports.ts';
import { type Audited, auditRelease, listReleases, retain, retentionPlan, type RetentionPlan } from './retain.ts';
import { syncPorts } from './sync-once.ts';
import { runSync, underLock } from './sync-runner.ts';
import { readState } from './sync-state.ts';

/** What is published, why it stays, and what may go. */
export async function listImages(settings: Settings): Promise<RetentionPlan> {
  const { files, catalog } = await readContext(settings);
  const { keepReleases: keep } = settings.sync;
  return await retentionPlan(files, { snapshot: catalog.current(), keep, now: Date.now() });
}

/** Writes down what the files are that were placed by hand: all, or those of these folders below images/. */
export async function adoptImages(
  settings: Settings,
  shelves: readonly string[],
): Promise<Locked<readonly { readonly shelf: string; readonly files: number }[]>> {
  const { files, catalog } = await readContext(settings);
  return await underLock(files, 'an adoption of images', async () => {
    const there = await listByHand(files, await catalog.refresh());
    const wanted = shelves.map((shelf) => shelf.replace(/^images\//, '').replace(/\/+$/, ''));
    for (const shelf of wanted) if (!there.some((one) => one.shelf === shelf)) throw noneByHand(shelf);
    const chosen = there.filter(({ shelf }) => wanted.length === 0 || wanted.includes(shelf));
    const done: { shelf: string; files: number }[] = [];
    for (const release of chosen) {
      done.push({ shelf: release.shelf, files: await adoptByHand(files, release, new Date()) });
    }
    return done;
  });
}

function noneByHand(shelf: string): Failure {
  return new Failure('not-found', `images/${shelf.slice(0, 120)} holds no files that were placed by hand`, {
    remedy:
      'name a folder of a version where a profile looks for images, such as flatcar/amd64/4593.2.5; `pilotlight images` lists them',
  });
}

/** Takes away what nothing needs. */
export async function pruneImages(
  settings: Settings,
  emit: (event: SyncEvent) => void,
): Promise<Locked<readonly string[]>> {
  const { files, catalog } = await readContext(settings);
  const { keepReleases: keep } = settings.sync;
  return await underLock(files, 'a clean-up', async () =>
    retain(files, { snapshot: await catalog.refresh(), keep, now: Date.now() }, emit),
  );
}

/** Reads every published file again and compares it with what was recorded at its publication. */
export async function verifyImages(settings: Settings, emit: (result: Audited) => void): Promise<void> {
  const { files } = await readContext(settings);
  for (const { shelf } of await listReleases(files))
    for (const result of await auditRelease(files, shelf)) emit(result);
}

export interface ImportOptions {
  readonly request: ImportRequest;
  readonly paths: readonly string[];
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly emit: (event: SyncEvent) => void;
  readonly allowDowngrade: boolean;
}

/** Publishes files that were carried here, exactly as if a mirror had them, and lets the profiles boot them. */
export async function importImages(settings: Settings, options: ImportOptions): Promise<Locked<SyncReport>> {
  const { request, paths, cwd, signal, emit, allowDowngrade } = options;
  const { files, catalog } = await readContext(settings);
  return await underLock(files, 'an import', async () => {
    const snapshot = await catalog.refresh();
    const { targets } = planSync(snapshot.profiles.values(), (await readState(files, SILENT)).holds);
    const target = importTarget(
      paths.map((path) => basename(path)),
      request,
      targets,
    );
    const key = paths.find((path) => path.endsWith('.asc'));
    const folder = await openImportFolder(paths.map((path) => resolve(cwd, path)));
    try {
      const { keyFiles } = settings.sync;
      const sync = {
        ...settings.sync,
        mirrors: { [target.system]: folder.url },
        keyFiles: key === undefined ? keyFiles : { ...keyFiles, [target.system]: resolve(cwd, key) },
      };
      // What is not in the folder now is not there in a minute either.
      const limits = { ...LIMITS, retries: 0 };
      const ports = await syncPorts({ settings: sync, files, catalog, log: SILENT, signal, emit, limits });
      return await runSync(ports, { targets: [target], allowDowngrade });
    } finally {
      await folder.close();
    }
  });
}
