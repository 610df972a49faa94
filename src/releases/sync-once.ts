import { type Log, SILENT } from '../model/service.ts';
import type { Locked, SyncEvent, SyncReport } from '../model/sync-event.ts';
import type { Settings } from '../settings/settings.ts';
import { runSync, underLock } from './sync-runner.ts';
import type { SyncOptions } from './ports.ts';
import { writeProgress } from '../images/download-progress.ts';
import { type AppContext, readContext } from '../context/app-context.ts';
import { syncPorts } from './sync-ports.ts';

export interface SyncOnce {
  readonly signal: AbortSignal;
  readonly tell: (event: SyncEvent) => void;
  /** What a person should know and what does not stop the run. */
  readonly warn: (text: string) => void;
  readonly options: Pick<SyncOptions, 'dryRun' | 'allowDowngrade'>;
}

/** One run by this process: where no server runs, as the child of one, or as a dry run beside one. */
export async function syncOnce(settings: Settings, once: SyncOnce): Promise<Locked<SyncReport>> {
  const { tell, options } = once;
  const appContext = await readContext(settings);
  if (options.dryRun === true)
    return { kind: 'done', value: await runSync(await portsOf(appContext, settings, once), options) };
  return await underLock(appContext.files, 'a sync', async () => {
    const note = writeProgress(appContext.files, Date.now, ignore);
    const both = (event: SyncEvent): void => {
      note.on(event);
      tell(event);
    };
    try {
      return await runSync(await portsOf(appContext, settings, { ...once, tell: both }), options);
    } finally {
      await note.stop();
    }
  });
}

async function portsOf(appContext: AppContext, settings: Settings, { signal, tell, warn }: SyncOnce) {
  return await syncPorts({
    settings: settings.sync,
    files: appContext.files,
    profiles: async () => await appContext.catalog.refresh(),
    log: warnings(warn),
    signal,
    tell,
  });
}

// The note is for machines that wait; that it cannot be written must not stop what they wait for.
function ignore(): void {
  // on purpose
}

/** The rooms below log as they do in a server; a command line shows what is not in its events. */
function warnings(warn: (text: string) => void): Log {
  const say = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const about = Object.values(fields).filter((value) => typeof value === 'string');
    warn([message, ...about].join(': '));
  };
  return { ...SILENT, warn: say, error: say };
}
