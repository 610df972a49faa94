import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { acquireLock, waitForLock } from '../../src/files/lock.ts';
import { needs } from '../support/needs.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pilotlight-lock-'));
  path = join(dir, 'sync.lock');
});
afterEach(() => rm(dir, { recursive: true }));

/** What the lock's file says, with some of it changed. */
async function forge(changes: Record<string, unknown>): Promise<void> {
  const lock = await acquireLock(path, 'sync');
  const holder = JSON.parse(await readFile(path, 'utf8')) as object;
  await lock.release();
  await writeFile(path, JSON.stringify({ ...holder, token: 'other', ...changes }));
}

const OTHER = { host: 'f'.repeat(16), boot: 'other', name: 'another' };

/** A process that holds a lock; started by `words`. */
async function holding(where: string, words: readonly string[] = []) {
  const script = `
    import { acquireLock, waitForLock } from ${JSON.stringify(join(import.meta.dirname, '../../src/files/lock.ts'))};
    await acquireLock(${JSON.stringify(where)}, 'a sync');
    console.log('held');
    setInterval(() => {}, 1000);`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const [command, ...rest] = [...words, ...node];
  const child = spawn(command ?? '', rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  const [first] = (await Promise.race([once(child.stdout, 'data'), gone])) as [unknown];
  expect(String(first)).toBe('held\n');
  return {
    signal: (name: NodeJS.Signals) => child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

describe('acquireLock', { timeout: 30_000 }, () => {
  it('lets one in, and tells the second who is there and since when', async () => {
    const lock = await acquireLock(path, 'a sync', { now: () => Date.UTC(2026, 0, 2) });
    await expect(acquireLock(path, 'another')).rejects.toMatchObject({
      code: 'conflict',
      message: `a sync is running already, as process ${process.pid}, since 2026-01-02T00:00:00.000Z`,
    });
    await lock.release();
    await lock.release();
    await (await acquireLock(path, 'another')).release();
    expect(await readdir(dir)).toEqual([]);
  });

  it('lets exactly one of many in', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(path, 'sync')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes over from a process that was killed', async () => {
    const holder = await holding(path);
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    await holder.kill();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => acquireLock(path, 'sync')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('believes a process that is stopped', async () => {
    const holder = await holding(path);
    holder.signal('SIGSTOP');
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    holder.signal('SIGCONT');
  });

  it('in a folder whose path is too long for a socket', async () => {
    const deep = join(dir, 'd'.repeat(100), 'e'.repeat(100));
    await mkdir(deep, { recursive: true });
    const long = join(deep, 'sync.lock');
    const holder = await holding(long);
    const names = await readdir(deep);
    expect(names).toEqual(['sync.lock', expect.stringMatching(/^sync\.lock\.[0-9a-f]{16}\.sock$/)]);
    await expect(acquireLock(long, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    await holder.kill();
    await (await acquireLock(long, 'sync')).release();
    expect(await readdir(deep)).toEqual([]);
  });

  it('leaves nothing behind, and nothing of a dead holder', async () => {
    const holder = await holding(path);
    await holder.kill();
    expect(await readdir(dir)).toHaveLength(2);
    await (await acquireLock(path, 'sync')).release();
    expect(await readdir(dir)).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another host', OTHER],
    [
      'another host with the same first namespace of processes',
      { ...OTHER, pid: process.pid, space: 'pid:[4026531836]' },
    ],
    ['an unknown host', { host: '', boot: '' }],
  ])('of a holder on %s only the age of its last sign of life counts', async (_, self) => {
    // As if it were there: its socket says nothing here.
    const lock = await acquireLock(path, 'a sync', { self });
    const text = await readFile(path, 'utf8');
    await lock.release();
    await writeFile(path, text);
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    const old = new Date(Date.now() - 10 * 60_000);
    await utimes(path, old, old);
    await (await acquireLock(path, 'sync')).release();
  });

  it('two hosts on one folder: each keeps the other out', async () => {
    const there = await acquireLock(path, 'a sync', { self: OTHER });
    await expect(acquireLock(path, 'sync')).rejects.toThrow(/as process \d+ on another, since/);
    await there.release();
    const here = await acquireLock(path, 'sync');
    await expect(acquireLock(path, 'a sync', { self: OTHER })).rejects.toMatchObject({ code: 'conflict' });
    await here.release();
  });

  it('where the file system has no sockets, the process id counts within its namespace', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    await forge({ socket: undefined, pid: child.pid, started: await startOf(child.pid ?? 0) });
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    await rm(path);
    await forge({ socket: undefined, pid: child.pid, started: '1' });
    await (await acquireLock(path, 'sync')).release();
    await forge({ socket: undefined, pid: 1, space: 'pid:[1]' });
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('takes over a file that says nothing, and a guard that was left behind', async () => {
    await writeFile(path, '');
    const old = new Date(Date.now() - 60_000);
    await writeFile(`${path}.breaking`, '');
    await utimes(`${path}.breaking`, old, old);
    await (await acquireLock(path, 'sync')).release();
  });

  it('does not release what somebody else took over', async () => {
    const lock = await acquireLock(path, 'sync');
    await writeFile(path, JSON.stringify({ pid: 1, token: 'other' }));
    await lock.release();
    expect(await readdir(dir)).toEqual(['sync.lock']);
  });
});

// As the shipped unit runs the server: /proc shows processes and nothing else, so no boot id. The other is a command line.
needs({ commands: ['unshare'], root: true }).describe('in namespaces of its own', () => {
  const unit = 'mount -t proc -o subset=pid,hidepid=invisible proc /proc && exec "$@"';
  const bare = 'mount -t proc proc /proc && mount -t tmpfs none /etc && exec "$@"';

  it.each([
    ['the unit', ['unshare', '-m', '--kill-child', '-p', '-f', 'sh', '-c', unit, 'sh']],
    ['a unit in this pid namespace', ['unshare', '-m', 'sh', '-c', unit, 'sh']],
    ['a container without a machine id', ['unshare', '-m', '--kill-child', '-p', '-f', 'sh', '-c', bare, 'sh']],
  ])('the lock of %s holds for a process outside, and dies with it', async (_, words) => {
    const holder = await holding(path, words);
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    await holder.kill();
    await vi.waitFor(async () => {
      await (await acquireLock(path, 'sync')).release();
    });
  });

  it('a lock of this namespace holds for the unit', async () => {
    const lock = await acquireLock(path, 'sync');
    await expect(holding(path, ['unshare', '-m', '-p', '-f', 'sh', '-c', unit, 'sh'])).rejects.toThrow('held');
    await lock.release();
  });
});

describe('waitForLock', () => {
  it('waits until it is free, and not for ever', async () => {
    const lock = await acquireLock(path, 'sync');
    await expect(waitForLock(path, 'an edit', 30)).rejects.toMatchObject({ code: 'conflict' });
    const waiting = waitForLock(path, 'an edit', 60_000);
    await lock.release();
    await (await waiting).release();
    expect(await readdir(dir)).toEqual([]);
  });
});

async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
