import { basename, resolve } from 'node:path';
import { SILENT } from '../model/service.ts';
import type { Locked, SyncEvent, SyncReport } from '../model/sync-event.ts';
import { type Audited, auditRelease, listReleases, retain, retentionPlan, type RetentionPlan } from './retain.ts';
import { LIMITS } from './ports.ts';
import { type ImportRequest, importTarget, openImportFolder } from './file-import.ts';
import type { Settings } from '../settings/settings.ts';
import { bootedLately, readBootTimes, readState } from './state-file.ts';
import { runSync, underLock } from './sync-runner.ts';
import { planSync } from './plan.ts';
import { type AppContext, readContext } from '../context/app-context.ts';
import { syncPorts } from './sync-ports.ts';

/** What is published, why it stays, and what may go. */
export async function listImages(settings: Settings): Promise<RetentionPlan> {
  const appContext = await readContext(settings);
  return await retentionPlan(appContext.files, retentionPorts(appContext, settings));
}

/** Takes away what nobody needs. */
export async function pruneImages(
  settings: Settings,
  tell: (event: SyncEvent) => void,
): Promise<Locked<readonly string[]>> {
  const appContext = await readContext(settings);
  return await underLock(appContext.files, 'a clean-up', async () =>
    retain(appContext.files, { ...retentionPorts(appContext, settings), tell }),
  );
}

/** Reads every published file again and compares it with what was recorded at its publication. */
export async function verifyImages(settings: Settings, tell: (result: Audited) => void): Promise<void> {
  const { files } = await readContext(settings);
  for (const { shelf } of await listReleases(files))
    for (const result of await auditRelease(files, shelf)) tell(result);
}

export interface ImportOptions {
  readonly request: ImportRequest;
  readonly paths: readonly string[];
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly tell: (event: SyncEvent) => void;
  readonly allowDowngrade: boolean;
}

/** Publishes files that were carried here, exactly as if a mirror had them, and lets the profiles boot them. */
export async function importImages(settings: Settings, options: ImportOptions): Promise<Locked<SyncReport>> {
  const { request, paths, cwd, signal, tell, allowDowngrade } = options;
  const appContext = await readContext(settings);
  const { files, catalog } = appContext;
  return await underLock(files, 'an import', async () => {
    const snapshot = await catalog.refresh();
    const { targets } = planSync(snapshot.profiles.values(), (await readState(files, SILENT)).holds);
    const names = paths.map((path) => basename(path));
    const target = importTarget(names, request, targets);
    const key = paths.find((path) => path.endsWith('.asc'));
    const stick = await openImportFolder(paths.map((path) => resolve(cwd, path)));
    try {
      const sync = {
        ...settings.sync,
        mirrors: { [target.system]: stick.url },
        ...(key === undefined ? {} : { keyFiles: { ...settings.sync.keyFiles, [target.system]: resolve(cwd, key) } }),
      };
      // What is not in the folder now is not there in a minute either.
      const limits = { ...LIMITS, retries: 0 };
      const profiles = async (): ReturnType<typeof catalog.refresh> => await catalog.refresh();
      const ports = await syncPorts({ settings: sync, files, profiles, log: SILENT, signal, tell, limits });
      return await runSync(ports, { targets: [target], allowDowngrade });
    } finally {
      await stick.close();
    }
  });
}

function retentionPorts({ files, catalog }: AppContext, { sync }: Settings) {
  return {
    profiles: async () => await catalog.refresh(),
    booted: async () => bootedLately(await readBootTimes(files), Date.now()),
    keep: sync.keepReleases,
  };
}
