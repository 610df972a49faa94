import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { nodesWithKeys, openIdentities } from '../../src/machines/identities.ts';
import { profileOf } from '../exports/sample.ts';
import { makeFolder, type FolderFiles } from '../support/folder.ts';
import { recordLog } from '../support/http-house.ts';

async function open(files: FolderFiles = {}, dir = makeFolder(files)) {
  const log = recordLog();
  return { identities: openIdentities(await openDataRoot(dir), log), log, dir };
}

describe('identities', () => {
  it('know a node once it was asked for, and not before', async () => {
    const { identities, dir } = await open();
    expect(identities.keyOf('a')).toBeUndefined();
    expect(existsSync(join(dir, 'state'))).toBe(false);
    await identities.ensure(['a', 'b', 'a']);
    expect(identities.keyOf('a')?.publicKey).toMatch(/^ssh-ed25519 \S+ a$/);
    expect(identities.keyOf('b')?.publicKey).not.toBe(identities.keyOf('a')?.publicKey);
    expect(identities.keyOf('c')).toBeUndefined();
  });

  it('are the same after a restart', async () => {
    const { identities, dir } = await open();
    const names = Array.from({ length: 40 }, (_, i) => `n${String(i)}`);
    await identities.ensure(names);
    const { identities: later } = await open({}, dir);
    await later.ensure(names);
    for (const name of names) expect(later.keyOf(name)).toEqual(identities.keyOf(name));
  });

  it('tell loudly of a broken file, to the log and to who asks; the other nodes have theirs', async () => {
    const file = 'state/ssh/a_ed25519';
    const { identities, log, dir } = await open({ [file]: 'rubbish' });
    await identities.ensure(['a', 'b']);
    expect(() => identities.keyOf('a')).toThrow(expect.objectContaining({ code: 'broken', place: { file } }));
    expect(identities.keyOf('b')).toBeDefined();
    expect(log.of('error')).toMatchObject([
      { message: 'a host key cannot be used', fields: { node: 'a', problem: expect.stringContaining(file) as string } },
    ]);
    rmSync(join(dir, file));
    await identities.ensure(['a']);
    expect(identities.keyOf('a')).toBeDefined();
  });

  it('refuse a name that leads elsewhere', async () => {
    const { identities, dir } = await open();
    await identities.ensure(['../x', 'a/b']);
    expect(() => identities.keyOf('../x')).toThrow(expect.objectContaining({ code: 'refused' }));
    expect(existsSync(join(dir, 'state/x_ed25519'))).toBe(false);
  });

  it('are for the nodes of profiles that ask', () => {
    const nodes = [{ name: 'a' }, { name: 'b' }];
    expect(nodesWithKeys([profileOf('p', nodes, { ssh_host_keys: true }), profileOf('q', [{ name: 'c' }])])).toEqual([
      'a',
      'b',
    ]);
  });
});
