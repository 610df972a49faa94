import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Failure } from '../domain/failure.ts';
import type { Locked, SyncEvent } from '../domain/sync-event.ts';
import type { Settings } from '../settings/settings.ts';

const BUSY = 75;
const MOST_SAID = 2000;

interface SyncChild {
  /** How this program is started: the executable and what comes before the command's name. */
  readonly self: readonly string[];
  readonly settings: Settings;
  readonly tell: (event: SyncEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * `pilotlight sync` in a process of its own: hashing half a gigabyte beside a thousand boot scripts a second would cost
 * every machine, and what goes wrong there cannot take the server down. Gives how many targets failed.
 */
export async function syncInChild({ self, settings, tell, signal }: SyncChild): Promise<Locked<number>> {
  const [command = '', ...before] = self;
  const child = spawn(command, [...before, 'sync', '--json', ...flagsOf(settings)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // SIGTERM: it stops at once and keeps what has arrived.
    signal,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-MOST_SAID);
  });
  let failed: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as SyncEvent;
    if (event.kind === 'done') failed = event.report.failed;
    tell(event);
  });
  const [code] = (await once(child, 'close').catch((cause: unknown) => {
    throw new Failure('unavailable', 'the sync was stopped, or could not be started', { cause });
  })) as [number | null];
  if (code === BUSY) return { kind: 'busy', message: said.trim() };
  if (failed === undefined) throw new Failure('unavailable', `the sync ended early: ${said.trim()}`);
  return { kind: 'done', value: failed };
}

/** The settings of this server as flags, which win over everything that the other process reads by itself. */
export function flagsOf({ dataDir, sync }: Settings): readonly string[] {
  const family = (name: string, values: Readonly<Record<string, string | readonly string[]>>): readonly string[] =>
    Object.entries(values).flatMap(([system, value]) => [`--${name}-${system}`, [value].flat().join(',')]);
  return [
    ...['--data-dir', dataDir],
    ...['--keep-releases', String(sync.keepReleases)],
    ...['--allow-sha1', sync.allowSha1 ? 'on' : 'off'],
    ...family('mirror', sync.mirrors),
    ...family('trust', sync.trust),
    ...family('key', sync.keyFiles),
  ];
}
