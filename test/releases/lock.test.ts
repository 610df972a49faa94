import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/releases/lock.ts';

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

describe('acquireLock', () => {
  it('lets one in, and tells the second who is there and since when', async () => {
    const lock = await acquireLock(path, 'a sync', () => Date.UTC(2026, 0, 2));
    await expect(acquireLock(path, 'another')).rejects.toMatchObject({
      code: 'conflict',
      message: `a sync is running already, as process ${String(process.pid)}, since 2026-01-02T00:00:00.000Z`,
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
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    await forge({ pid: child.pid, started: await startOf(child.pid ?? 0) });
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => acquireLock(path, 'sync')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a process id that was given away again', { started: '1' }],
    ['another boot of this machine', { boot: 'other' }],
  ])('takes over from %s', async (_, changes) => {
    await forge(changes);
    await (await acquireLock(path, 'sync')).release();
  });

  it('believes a holder in another container as long as it gives signs of life', async () => {
    await forge({ space: 'pid:[1]', pid: 1 });
    await expect(acquireLock(path, 'sync')).rejects.toMatchObject({ code: 'conflict' });
    const old = new Date(Date.now() - 10 * 60_000);
    await utimes(path, old, old);
    await (await acquireLock(path, 'sync')).release();
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

async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
