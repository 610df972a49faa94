import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure, Failure } from '../model/failure.ts';
import {
  describeProcess,
  isSameHost,
  isSameKernel,
  knock,
  type LifeSocket,
  openLifeSocket,
  type ProcessId,
  startTime,
} from './lock-socket.ts';
import { errnoOf, systemFailure } from './system-error.ts';

/** Who holds a lock, as it stands in the file. */
interface Holder extends ProcessId {
  /** ISO 8601. */
  readonly since: string;
  readonly what: string;
  readonly token: string;
  /** Beside the lock: it is listened to as long as the holder lives. Absent where the file system has no sockets. */
  readonly socket?: string;
}

export interface Lock {
  /** Safe to call twice. */
  release(): Promise<void>;
}

export interface LockOptions {
  readonly now?: () => number;
  /** The process that takes it: this one, unless a test says otherwise. */
  readonly self?: Partial<ProcessId>;
}

const HEARTBEAT = 20_000;
/** A holder that cannot be looked at, because it is on another host, counts as dead after this. */
const SILENCE = 120_000;
/** Between two looks of one that waits. */
const LOOK = 10;

/**
 * Takes a lock that holds between processes, or throws Failure `conflict` that says who holds it and since when. On one
 * host it dies with its holder, whatever namespaces that is in: it listens on a socket beside the lock. Of a holder on
 * another host only the age of the lock's last sign of life counts. `path` is on the host, in a folder that exists.
 */
export async function acquireLock(path: string, what: string, options: LockOptions = {}): Promise<Lock> {
  const token = randomBytes(8).toString('hex');
  const own = `${path}.${token}`;
  const socket = await openLifeSocket(`${own}.sock`);
  const mine: Holder = {
    ...(await describeProcess()),
    ...options.self,
    since: new Date((options.now ?? Date.now)()).toISOString(),
    what,
    token,
    ...(socket === undefined ? {} : { socket: `${basename(own)}.sock` }),
  };
  let file: FileHandle | undefined;
  try {
    file = await open(own, 'wx');
    await file.writeFile(JSON.stringify(mine));
    for (;;) {
      // link(2) fails when the name exists, and the name appears with its content.
      if (await tryLink(own, path)) return held(path, token, socket);
      const holder = await readHolder(path);
      // The file system's own clock, which is another host's on a network file system.
      const now = (await file.stat()).mtimeMs;
      if (holder !== undefined && (await isAlive(holder, mine, path, now))) throw taken(holder, mine);
      await breakLock(path, holder, now);
      await refresh(file);
    }
  } catch (error) {
    await socket?.close();
    throw systemFailure(error, `state/${basename(path)}`);
  } finally {
    await file?.close();
    if (file !== undefined) await rm(own, { force: true });
  }
}

/** Waits for the lock while others hold it, at most `timeout` milliseconds. Throws as acquireLock does. */
export async function waitForLock(path: string, what: string, timeout: number): Promise<Lock> {
  const end = performance.now() + timeout;
  for (;;) {
    try {
      return await acquireLock(path, what);
    } catch (error) {
      if (asFailure(error).code !== 'conflict' || performance.now() > end) throw error;
      await sleep(LOOK * (1 + Math.random()));
    }
  }
}

function held(path: string, token: string, socket: LifeSocket | undefined): Lock {
  const beat = setInterval(() => {
    keepAlive(path, token).catch(() => undefined);
  }, HEARTBEAT);
  beat.unref();
  const release = async (): Promise<void> => {
    clearInterval(beat);
    if ((await readHolder(path))?.token === token) await rm(path, { force: true });
    await socket?.close();
  };
  let released: Promise<void> | undefined;
  return { release: () => (released ??= release()) };
}

/** A lock that was taken over meanwhile is not kept alive for another. */
async function keepAlive(path: string, token: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    if ((await file.readFile('utf8')).includes(`"token":"${token}"`)) await refresh(file);
  } finally {
    await file.close();
  }
}

/** Writing sets the time by the file system's clock, as utimes(2) would not: hosts' clocks differ. */
async function refresh(file: FileHandle): Promise<void> {
  await file.write('{', 0);
  await file.sync();
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
 * Removes a dead holder's lock, under a lock of its own: otherwise two that saw the same dead holder could each remove, and
 * the second would remove the first one's new lock.
 */
async function breakLock(path: string, seen: Holder | undefined, now: number): Promise<void> {
  const guard = `${path}.breaking`;
  try {
    await writeFile(guard, JSON.stringify({ pid: process.pid }), { flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // Breaking takes milliseconds: a guard that is older was left by a crash.
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: now }));
    if (Math.abs(now - mtimeMs) > 10_000) await rm(guard, { force: true });
    await sleep(LOOK);
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder?.token !== seen?.token) return;
    await rm(path, { force: true });
    const socket = socketOf(path, seen);
    if (socket !== undefined) await rm(socket, { force: true });
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

/** Only in the lock's own folder, whatever the file says. */
function socketOf(path: string, holder: Holder | undefined): string | undefined {
  if (holder?.socket === undefined) return undefined;
  return join(dirname(path), basename(holder.socket));
}

async function isAlive(holder: Holder, mine: ProcessId, path: string, now: number): Promise<boolean> {
  const socket = socketOf(path, holder);
  const sign = socket === undefined ? 'unknown' : await knock(socket);
  if (sign === 'alive') return true;
  if (sign === 'dead' && isSameHost(holder, mine)) return false;
  // A process id means something only in the same namespace of the same kernel.
  if (socket === undefined && isSameKernel(holder, mine) && holder.space !== '' && holder.space === mine.space)
    return (await startTime(holder.pid)) === holder.started;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Math.abs(now - mtimeMs) < SILENCE;
}

/** What a process that was killed while it took a lock left beside it: `sync.lock.HEX`, `sync.lock.HEX.sock`. */
export async function isLeftOver(path: string): Promise<boolean> {
  if (path.endsWith('.sock')) {
    const lock = path.replace(/\.[0-9a-f]{16}\.sock$/, '');
    // While the lock names it, its holder may be on another host.
    if ((await readHolder(lock))?.socket === basename(path)) return false;
    return (await knock(path)) === 'dead';
  }
  const holder = await readHolder(path);
  const { mtimeMs } = await stat(path);
  return holder === undefined
    ? // It is written at once: half a line is of one that was killed.
      Math.abs(Date.now() - mtimeMs) > 1000
    : !(await isAlive(holder, await describeProcess(), path, Date.now()));
}

function taken(holder: Holder, mine: ProcessId): Failure {
  const elsewhere = !isSameHost(holder, mine) && holder.name !== undefined && holder.name !== mine.name;
  const where = elsewhere ? ` on ${holder.name ?? ''}` : '';
  return new Failure(
    'conflict',
    `${holder.what} is running already, as process ${holder.pid}${where}, since ${holder.since}`,
    { remedy: 'wait until it has ended' },
  );
}
