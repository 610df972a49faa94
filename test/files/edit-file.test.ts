import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { editFile } from '../../src/files/edit-file.ts';
import { acquireLock } from '../../src/files/lock.ts';
import { replaceIfSame } from '../../src/files/replace.ts';
import { Failure } from '../../src/model/failure.ts';
import { makeFolder } from '../support/folder.ts';

const FILE = 'profiles/p.json';

/** Does something once, between the last comparison and the rename. */
function between(work: () => void): void {
  const { renameSync: rename } = fs;
  const restore = (): void => {
    fs.renameSync = rename;
    syncBuiltinESMExports();
  };
  fs.renameSync = (from, to) => {
    restore();
    work();
    rename(from, to);
  };
  syncBuiltinESMExports();
  onTestFinished(restore);
}

async function setup(text = 'old') {
  const dir = makeFolder({ [FILE]: text });
  const path = join(dir, FILE);
  return { dir, path, root: await openDataRoot(dir), read: () => readFileSync(path, 'utf8'), left: () => readdirSync(join(dir, 'profiles')) }; // prettier-ignore
}

const add =
  (what: string) =>
  (bytes: Buffer | undefined): Promise<Buffer> =>
    Promise.resolve(Buffer.from(`${bytes?.toString() ?? ''}${what}`));

describe('replaceIfSame', () => {
  it('replaces what is the same, keeps what is not', async () => {
    const { root, path, read, left } = await setup();
    chmodSync(path, 0o640);
    expect(await replaceIfSame(root, FILE, Buffer.from('old'), Buffer.from('new'))).toBe('replaced');
    expect([read(), statSync(path).mode & 0o777]).toEqual(['new', 0o640]);
    for (const other of ['old', 'ne', 'new!', '']) {
      expect(await replaceIfSame(root, FILE, Buffer.from(other), Buffer.from('x'))).toBe('kept');
    }
    expect([read(), left()]).toEqual(['new', ['p.json']]);
  });

  it('puts back what was written into the old file between the last look and the rename', async () => {
    const { root, path, read, left } = await setup();
    const { ino } = statSync(path);
    between(() => {
      writeFileSync(path, 'of a person');
    });
    expect(await replaceIfSame(root, FILE, Buffer.from('old'), Buffer.from('new'))).toBe('kept');
    expect([read(), left(), statSync(path).ino]).toEqual(['of a person', ['p.json'], ino]);
  });
});

describe('editFile', () => {
  it('is made on top of what was saved in that moment', async () => {
    const { root, path, read } = await setup();
    between(() => {
      writeFileSync(path, 'of a person');
    });
    expect(await editFile(root, FILE, { maxBytes: 99, change: add('+') })).toBe('written');
    expect(read()).toBe('of a person+');
  });

  it('a file that is broken for a moment is waited for; one that stays so is an error', async () => {
    const { root, path, read } = await setup('');
    let asked = 0;
    const change = (bytes: Buffer | undefined): Promise<Buffer> => {
      asked += 1;
      if (bytes?.length === 0) {
        if (asked === 1) setTimeout(() => { writeFileSync(path, 'whole'); }); // prettier-ignore
        throw new Failure('broken', 'half written');
      }
      return add('+')(bytes);
    };
    expect(await editFile(root, FILE, { maxBytes: 99, change })).toBe('written');
    expect(read()).toBe('whole+');
    writeFileSync(path, '');
    await expect(editFile(root, FILE, { maxBytes: 99, change })).rejects.toMatchObject({ code: 'broken' });
  });

  it('a new file never takes the place of one that came meanwhile', async () => {
    const { root, dir } = await setup();
    const path = join(dir, 'profiles/new.json');
    let asked = 0;
    const change = (bytes: Buffer | undefined): Promise<Buffer> => {
      if ((asked += 1) === 1) writeFileSync(path, 'first');
      return add('+')(bytes);
    };
    expect(await editFile(root, 'profiles/new.json', { maxBytes: 99, change })).toBe('written');
    expect(readFileSync(path, 'utf8')).toBe('first+');
  });

  it('side by side in one process, and over several data roots on one folder: each is made', async () => {
    const { dir, root, read } = await setup('');
    const roots = [root, await openDataRoot(dir), await openDataRoot(dir)];
    const all = Array.from({ length: 60 }, (_, at) => String.fromCharCode(48 + at));
    const done = await Promise.all(
      all.map((what, at) => editFile(roots[at % 3] ?? root, FILE, { maxBytes: 99, change: add(what) })),
    );
    expect(new Set(done)).toEqual(new Set(['written']));
    expect(read().split('').sort()).toEqual(all.sort());
    expect(readdirSync(join(dir, 'state'))).toEqual([]);
  });

  it('waits for another process that edits it', async () => {
    const { dir, root, read } = await setup();
    mkdirSync(join(dir, 'state'));
    const other = await acquireLock(join(dir, 'state/edit-profiles-p.json.lock'), 'an edit');
    const mine = editFile(root, FILE, { maxBytes: 99, change: add('+') });
    await expect(acquireLock(join(dir, 'state/edit-profiles-p.json.lock'), 'x')).rejects.toThrow('an edit is running');
    expect(read()).toBe('old');
    await other.release();
    expect(await mine).toBe('written');
  });

  it('works where no lock can be taken', async () => {
    const { dir, root, read } = await setup();
    writeFileSync(join(dir, 'state'), 'no folder');
    expect(await editFile(root, FILE, { maxBytes: 99, change: add('+') })).toBe('written');
    expect(read()).toBe('old+');
  });

  // Another process, as an editor is: it saves in place, which a rename of ours can meet in any moment.
  it('loses nothing that a person saves by hand, in 200 rounds', { timeout: 120_000 }, async () => {
    const { root, path, read, left } = await setup(JSON.stringify({ round: -1, n: 0 }));
    const script = `process.on('message', ({ round, delay }) => {
      for (const end = performance.now() + delay; performance.now() < end; );
      require('fs').writeFileSync(${JSON.stringify(path)}, JSON.stringify({ round, n: 0 }));
      process.send(round); })`;
    const person = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    onTestFinished(() => void person.kill('SIGKILL'));
    const change = (bytes: Buffer | undefined): Promise<Buffer> => {
      if (bytes === undefined || bytes.length === 0) throw new Failure('broken', 'half written');
      const value = JSON.parse(bytes.toString()) as { round: number; n: number };
      return Promise.resolve(Buffer.from(JSON.stringify({ ...value, n: value.n + 1 })));
    };
    const lost: number[] = [];
    for (let round = 0; round < 200; round += 1) {
      const saved = once(person, 'message');
      person.send({ round, delay: Math.random() * 6 });
      expect(await editFile(root, FILE, { maxBytes: 99, change })).toBe('written');
      await saved;
      if ((JSON.parse(read()) as { round: number }).round !== round) lost.push(round);
    }
    expect([lost, left()]).toEqual([[], ['p.json']]);
  });

  it('a person who saves by a rename is seen as well', async () => {
    const { root, dir, path, read } = await setup();
    let asked = 0;
    const change = (bytes: Buffer | undefined): Promise<Buffer> => {
      if ((asked += 1) === 1) {
        writeFileSync(join(dir, 'tmp'), 'of a person');
        renameSync(join(dir, 'tmp'), path);
      }
      return add('+')(bytes);
    };
    expect(await editFile(root, FILE, { maxBytes: 99, change })).toBe('written');
    expect(read()).toBe('of a person+');
    rmSync(path);
    expect(await editFile(root, FILE, { maxBytes: 99, change: () => Promise.resolve(undefined) })).toBe('same');
  });
});
