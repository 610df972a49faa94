import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { removeLeftovers } from '../../src/files/leftovers.ts';
import { acquireLock } from '../../src/files/lock.ts';
import { placeFile } from '../../src/files/publish.ts';
import { replaceFile, replaceIfSame } from '../../src/files/replace.ts';
import { makeFolder } from '../support/folder.ts';

const OURS = [
  'profiles/.p.json.0123456789ab.draft',
  'profiles/rack/.q.json.0123456789ab.old.draft',
  'configs/.a.yml.0123456789ab.draft',
  'state/.sync.json.0123456789ab.draft',
  'state/ssh/.node_ed25519.0123456789ab.draft',
  'state/machines/.x.json.0123456789ab.draft',
];
const OTHERS = [
  'profiles/.p.json.swp',
  'profiles/.draft',
  'profiles/p.json.0123456789ab.draft',
  'profiles/.p.json.0123456789AB.draft',
  'profiles/.git/.p.json.0123456789ab.draft',
  'state/ssh/node',
  'state/sync.lock.backup',
  'images/.drafts/.a.0123456789ab.draft',
];

function files(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, 'x']));
}

describe('removeLeftovers', () => {
  it('takes the drafts of this program, and nothing else', async () => {
    const dir = makeFolder(files([...OURS, ...OTHERS]));
    symlinkSync('/etc/hostname', join(dir, 'profiles/.l.json.0123456789ab.draft'));
    mkdirSync(join(dir, 'state/.d.0123456789ab.draft'));
    const removed = await removeLeftovers(await openDataRoot(dir));
    expect([...removed].sort()).toEqual([...OURS].sort());
    for (const other of [...OTHERS, 'state/.d.0123456789ab.draft'])
      expect(existsSync(join(dir, other)), other).toBe(true);
    expect(readdirSync(join(dir, 'profiles'))).toContain('.l.json.0123456789ab.draft');
  });

  it('takes what stands beside a lock whose taker is dead, and leaves a lock that is held', async () => {
    const dir = makeFolder({ 'state/x': '' });
    const lock = await acquireLock(join(dir, 'state/sync.lock'), 'a sync');
    const before = readdirSync(join(dir, 'state'));
    const stale = join(dir, 'state/sync.lock.0123456789abcdef');
    writeFileSync(stale, 'half');
    utimesSync(stale, 1, 1);
    // A process that was killed leaves its socket, to which no process listens.
    const dead = join(dir, 'state/sync.lock.fedcba9876543210.sock');
    const server = createServer().listen(`${dead}.tmp`);
    await new Promise((resolve) => server.once('listening', resolve));
    const { linkSync } = await import('node:fs');
    linkSync(`${dead}.tmp`, dead);
    await new Promise((resolve) => server.close(resolve));
    const removed = await removeLeftovers(await openDataRoot(dir));
    expect([...removed].sort()).toEqual(['state/sync.lock.0123456789abcdef', 'state/sync.lock.fedcba9876543210.sock']);
    expect(readdirSync(join(dir, 'state'))).toEqual(before);
    await expect(acquireLock(join(dir, 'state/sync.lock'), 'x')).rejects.toMatchObject({ code: 'conflict' });
    await lock.release();
  });

  it('a folder without any of its folders', async () => {
    const dir = makeFolder();
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
    expect(await removeLeftovers(await openDataRoot(dir))).toEqual([]);
  });

  it('a writer whose draft is taken away writes it again', async () => {
    const dir = makeFolder({ 'profiles/a.json': 'old' });
    const root = await openDataRoot(dir);
    const path = join(dir, 'profiles/a.json');
    let taken = 0;
    const take = async (): Promise<boolean> => {
      if ((taken += 1) === 1) await removeLeftovers(root);
      return true;
    };
    expect(await replaceFile(root, 'profiles/a.json', 'new', { confirm: take })).toBe('replaced');
    expect(taken).toBe(2);
    let matched = 0;
    const prepare = async (): Promise<void> => {
      if ((matched += 1) === 1) await removeLeftovers(root);
    };
    for (const replace of [true, false]) {
      matched = 0;
      const target = replace ? path : join(dir, 'profiles/b.json');
      expect(await placeFile(target, 'x', { mode: 0o644, replace, prepare })).toBe('placed');
      expect(matched).toBe(2);
    }
    expect(readdirSync(join(dir, 'profiles'))).toEqual(['a.json', 'b.json']);
    expect(await replaceIfSame(root, 'profiles/a.json', Buffer.from('x'), Buffer.from('y'))).toBe('replaced');
    // A folder that is not there is no lost draft.
    await expect(replaceFile(root, 'nowhere/a.json', 'x')).rejects.toMatchObject({ code: 'not-found' });
  });
});
