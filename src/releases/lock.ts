import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';

/** Who holds a lock, as it stands in the file. */
interface Holder {
  readonly pid: number;
  /** When that process began, in the kernel's ticks: a process id is given away again. */
  readonly started: string;
  /** Which kernel and which container: elsewhere the process id means somebody else. */
  readonly boot: string;
  readonly space: string;
  /** ISO 8601. */
  readonly since: string;
  readonly what: string;
  readonly token: string;
}

export interface Lock {
  /** Safe to call twice. */
  release(): Promise<void>;
}

const HEARTBEAT = 20_000;
/** A holder whom we cannot look at (another container on the same data) counts as dead after this. */
const SILENCE = 120_000;

/**
 * Takes the lock that keeps two syncs apart, or throws Failure `conflict` that says who holds it and since when. A lock
 * whose holder is dead is taken over. `path` is on the host.
 */
export async function acquireLock(path: string, what: string, now: () => number = Date.now): Promise<Lock> {
  const mine = await describeSelf(what, now());
  const own = `${path}.${mine.token}`;
  try {
    await writeFile(own, JSON.stringify(mine), { flag: 'wx' });
    for (;;) {
      // link(2) fails when the name exists, and the name appears with its content.
      if (await tryLink(own, path)) return held(path, mine.token);
      const holder = await readHolder(path);
      if (holder !== undefined && (await isAlive(holder, path, now()))) throw taken(holder);
      await breakLock(path, holder, now());
    }
  } catch (error) {
    throw systemFailure(error, 'state/sync.lock');
  } finally {
    await rm(own, { force: true });
  }
}

function held(path: string, token: string): Lock {
  const beat = setInterval(() => {
    const time = new Date();
    utimes(path, time, time).catch(() => {
      clearInterval(beat);
    });
  }, HEARTBEAT);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if ((await readHolder(path))?.token === token) await rm(path, { force: true });
    },
  };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead holder's lock, under a lock of its own: otherwise two who saw the same corpse could each remove, and
 * the second would remove the first one's new lock.
 */
async function breakLock(path: string, seen: Holder | undefined, now: number): Promise<void> {
  const guard = `${path}.breaking`;
  const me = JSON.stringify({ pid: process.pid });
  try {
    await writeFile(guard, me, { flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // Breaking takes milliseconds: a guard that is older was left by a crash.
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: now }));
    if (Math.abs(now - mtimeMs) > 10_000) await rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 10));
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder?.token === seen?.token) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null && 'pid' in value && 'token' in value) return value as Holder;
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isAlive(holder: Holder, path: string, now: number): Promise<boolean> {
  const [boot, space] = [await bootId(), await pidSpace()];
  if (holder.boot !== boot) return false;
  if (holder.space === space) return (await startTime(holder.pid)) === holder.started;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Math.abs(now - mtimeMs) < SILENCE;
}

async function describeSelf(what: string, now: number): Promise<Holder> {
  return {
    pid: process.pid,
    started: (await startTime(process.pid)) ?? '',
    boot: await bootId(),
    space: await pidSpace(),
    since: new Date(now).toISOString(),
    what,
    token: randomBytes(8).toString('hex'),
  };
}

/** Field 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold spaces and brackets. Undefined for a dead process. */
async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function bootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}

function pidSpace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

function taken(holder: Holder): Failure {
  return new Failure('conflict', `${holder.what} is running already, as process ${holder.pid}, since ${holder.since}`, {
    remedy: 'wait until it has ended',
  });
}
