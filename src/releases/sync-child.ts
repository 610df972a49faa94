import { type ChildProcess, spawn } from 'node:child_process';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import type { Locked, parseSyncEvent, SyncEvent, SyncReport } from '../model/sync-event.ts';
import type { Settings } from '../settings/settings.ts';
import type { RunWishes } from './schedule.ts';
import { stopped } from './sync-runner.ts';

const BUSY = 75;
const MOST_SAID = 2000;
/** The child gives a sign of life every ten seconds, whatever it waits for. */
const SILENCE_MS = 300_000;
/** After SIGTERM it gives up its downloads; a child that does not is killed. */
const GRACE_MS = 5_000;

interface SyncChild {
  /** How this program is started: the executable and what comes before the command's name. */
  readonly self: readonly string[];
  readonly settings: Settings;
  readonly wishes?: RunWishes;
  readonly emit: (event: SyncEvent) => void;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds without a message after which the child counts as hanging. */
  readonly silence?: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace?: number;
}

/**
 * `pilotlight sync` in a process of its own: hashing half a gigabyte beside a thousand boot scripts a second would cost
 * every machine, and what goes wrong there cannot take the server down: the child may die, hang, or send anything. Its
 * events come over Node's IPC channel.
 */
export async function syncInChild(options: SyncChild): Promise<Locked<SyncReport>> {
  const { self, settings, wishes, signal, log } = options;
  // With the schemas of its events, which no start of the server waits for.
  const { parseSyncEvent: parse } = await import('../model/sync-event.ts');
  const isStopped = (): boolean => signal.aborted;
  if (isStopped()) throw stopped();
  const [command = '', ...before] = self;
  const child = spawn(
    command,
    [
      ...before,
      'sync',
      '--ipc',
      ...(wishes?.allowDowngrade === true ? ['--allow-downgrade'] : []),
      ...flagsOf(settings),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-MOST_SAID);
    });
    stream?.on('error', (error: unknown) => {
      log.debug({ err: error }, 'a stream of the sync process broke');
    });
  }
  const end = ending(child, options.grace ?? GRACE_MS);
  const silence = watchSilence(options.silence ?? SILENCE_MS, end.stop);
  const events = listener(options, parse);
  child.on('message', (message) => {
    silence.alive();
    events.message(message);
  });
  signal.addEventListener('abort', end.stop, { once: true });
  try {
    const { code, error } = await end.over;
    if (isStopped()) throw stopped(error);
    if (error !== undefined) throw new Failure('unavailable', 'the sync could not be started', { cause: error });
    if (silence.isBroken()) {
      throw new Failure(
        'unavailable',
        `the sync gave no sign of life for ${(options.silence ?? SILENCE_MS) / 1000} s and was ended`,
      );
    }
    if (code === BUSY) return { kind: 'busy', message: lastLine(said) };
    const report = events.report();
    if (report === undefined)
      throw new Failure('unavailable', `the sync ended early: ${said.trim() || `status ${String(code)}`}`);
    return { kind: 'done', value: report };
  } finally {
    silence.stop();
    signal.removeEventListener('abort', end.stop);
  }
}

/** The settings of this server as flags, which win over everything that the other process reads by itself. */
export function flagsOf({ dataDir, imagesDir, sync }: Settings): readonly string[] {
  const family = (name: string, values: Readonly<Record<string, string | readonly string[]>>): readonly string[] =>
    Object.entries(values).flatMap(([system, value]) => [`--${name}-${system}`, [value].flat().join(',')]);
  return [
    ...['--data-dir', dataDir],
    ...(imagesDir === undefined ? [] : ['--images-dir', imagesDir]),
    ...['--keep-releases', String(sync.keepReleases)],
    ...['--allow-sha1', sync.allowSha1 ? 'on' : 'off'],
    ...family('mirror', sync.mirrors),
    ...family('trust', sync.trust),
    ...family('key', sync.keyFiles),
  ];
}

/** Without the name of the program, which says it again. */
function lastLine(said: string): string {
  return (said.trim().split('\n').at(-1) ?? '').replace(/^pilotlight: /, '');
}

/** Whatever a listener meets is logged: one that throws would end the server. */
function listener({ emit, log }: SyncChild, parse: typeof parseSyncEvent) {
  let report: SyncReport | undefined;
  let strange = 0;
  return {
    report: () => report,
    message(message: unknown): void {
      if (isAlive(message)) return;
      const event = parse(message);
      if (event === undefined) {
        strange += 1;
        if (strange === 1) log.warn({}, 'the sync process sent a message that is no event of a sync: it is left out');
        return;
      }
      if (event.kind === 'done') ({ report } = event);
      try {
        emit(event);
      } catch (error) {
        log.error({ err: error, kind: event.kind }, 'an event of the sync could not be handled');
      }
    },
  };
}

function isAlive(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'alive';
}

interface Ending {
  readonly code: number | null;
  readonly error?: unknown;
}

/** How a process ends: by itself, by being asked to, or by being killed. `over` never rejects. */
function ending(child: ChildProcess, grace: number): { readonly over: Promise<Ending>; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;
  const over = new Promise<Ending>((resolve) => {
    child.on('error', (error) => {
      failure ??= error;
      // It never ran, so it will not close either.
      if (child.pid === undefined) resolve({ code: null, error });
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      // What it said last is read first; but a process of its own making that holds the pipes open is not waited for.
      timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ code });
      }, grace);
      timer.unref();
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code });
    });
  });
  return {
    over,
    stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      clearTimeout(timer);
      timer = setTimeout(() => {
        child.kill('SIGKILL');
      }, grace);
    },
  };
}

function watchSilence(limit: number, onSilence: () => void) {
  let broken = false;
  const timer = setTimeout(() => {
    broken = true;
    onSilence();
  }, limit);
  timer.unref();
  return {
    alive() {
      if (!broken) timer.refresh();
    },
    isBroken: () => broken,
    stop() {
      clearTimeout(timer);
    },
  };
}
