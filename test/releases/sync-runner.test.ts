import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { Failure } from '../../src/model/failure.ts';
import { underLock } from '../../src/releases/sync-runner.ts';
import { makeFolder } from '../support/folder.ts';
import { makeSetup } from '../support/sync-setup.ts';
import { flatcarFolder, FLATCAR, serveFlatcar } from '../support/upstream-releases.ts';
import { type Fault, serve } from '../support/upstream-server.ts';

const INITRD = `${flatcarFolder('4593.2.5')}/${FLATCAR.initrd}`;

describe('two syncs at once', () => {
  it('the second says within a second who holds the lock and since when, and a rollback and a clean-up do, too', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const held: Fault = (response, resource, request) => {
      gate.then(
        () => {
          serve(request, response, resource);
        },
        () => undefined,
      );
    };
    setup.upstream.fail(INITRD, held);
    const first = setup.cli('sync');
    await setup.upstream.asked(`GET ${INITRD}`);

    // The first is held for as long as this one takes: it does not wait.
    const second = await setup.cli('sync');
    expect(second.code).toBe(75);
    expect(second.stdout).toBe('');
    expect(second.stderr).toMatch(
      new RegExp(
        `^pilotlight: a sync is running already, as process ${process.pid}, since 20\\d\\d-\\S+Z \\(wait until it has ended\\)\\n$`,
      ),
    );
    for (const words of [
      ['rollback', 'seed'],
      ['images', 'prune'],
      ['sync', '--pin', 'seed'],
    ])
      expect((await setup.cli(...words)).code, words.join(' ')).toBe(75);
    // Looking is always allowed.
    expect((await setup.cli('sync', '--dry-run')).code).toBe(0);
    expect((await setup.cli('images')).code).toBe(0);
    go();
    expect((await first).code).toBe(0);
    expect((await setup.cli('sync')).code).toBe(0);
  });

  it('a lock that a dead process left does not block', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const dead = {
      pid: 999_999_999,
      started: '1',
      boot: 'another',
      space: '',
      since: '2020-01-01T00:00:00Z',
      what: 'a sync',
      token: 'x',
    };
    const path = join(setup.dir, 'state/sync.lock');
    writeFileSync(path, JSON.stringify(dead));
    expect((await setup.cli('sync')).code).toBe(75);
    // Since nothing says that it was on this host: its last sign of life must be old.
    utimesSync(path, 1, 1);
    expect((await setup.cli('sync')).code).toBe(0);
  });
});

describe('what a run takes away', () => {
  it('is nothing in a dry run, and no release after a failure; the next good run does it', async () => {
    const setup = await makeSetup();
    for (const version of ['4500.2.0', '4593.2.5']) {
      serveFlatcar(setup, version);
      expect((await setup.sync()).report.removed).toEqual([]);
    }
    const draft = join(setup.dir, 'images/.drafts/flatcar-amd64-1.0.0');
    mkdirSync(draft, { recursive: true });
    utimesSync(draft, 1, 1);
    const run = async (...words: readonly string[]) => {
      const { report } = await setup.sync('--keep-releases', '1', ...words);
      return [report.failed, report.removed, existsSync(draft)];
    };
    expect(await run('--dry-run')).toEqual([0, [], true]);
    for (const name of ['b', 'a']) writeFileSync(join(setup.dir, `profiles/${name}.json`), '{');
    const { code, report } = await setup.sync('--keep-releases', '1');
    expect([code, report.failed, report.removed, existsSync(draft)]).toEqual([1, 2, [], false]);
    expect(report.skipped).toEqual(
      ['a', 'b'].map((profile) => ({
        profile,
        why: expect.stringContaining(`it cannot be used: profiles/${profile}.json:1:`) as string,
      })),
    );
    for (const name of ['b', 'a']) rmSync(join(setup.dir, `profiles/${name}.json`));
    expect(await run()).toEqual([0, ['flatcar/amd64/4500.2.0'], false]);
  });
});

describe('underLock', () => {
  it('gives what the work gives, and the lock back whatever happens', async () => {
    const root = await openDataRoot(makeFolder());
    expect(await underLock(root, 'a test', () => Promise.resolve(1))).toEqual({ kind: 'done', value: 1 });
    await expect(underLock(root, 'a test', () => Promise.reject(new Failure('conflict', 'no')))).rejects.toThrow('no');
    expect(await underLock(root, 'a test', () => underLock(root, 'another', () => Promise.resolve(2)))).toMatchObject({
      value: { kind: 'busy', message: expect.stringContaining('a test is running already') as string },
    });
  });
});
