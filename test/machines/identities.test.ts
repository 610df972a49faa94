import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeHostKey } from '../../src/machines/host-keys.ts';
import { keepHostKey, nodesWithKeys, openIdentities } from '../../src/machines/identities.ts';
import { profileOf } from '../exports/sample.ts';
import { addFiles, type FolderFiles, makeFolder } from '../support/folder.ts';
import { recordLog } from '../support/http-server.ts';

async function keep(dir: string, log = recordLog()) {
  return { key: await keepHostKey(await openDataRoot(dir), 'a-coreos', log), log };
}

const FILE = 'state/ssh/a-coreos_ed25519';

describe('the key of a node', () => {
  it('is made once, for the server alone, with its public half beside it', async () => {
    const dir = makeFolder();
    const { key, log } = await keep(dir);
    expect(readFileSync(join(dir, FILE), 'utf8')).toBe(key.privateKey);
    expect(readFileSync(join(dir, `${FILE}.pub`), 'utf8')).toBe(`${key.publicKey}\n`);
    expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'state/ssh')).mode & 0o777).toBe(0o700);
    expect(log.lines).toEqual([
      { level: 'info', message: 'made a host key', fields: { node: 'a-coreos', file: FILE } },
    ]);
  });

  it('is the same ever after, and its file is not written again', async () => {
    const dir = makeFolder();
    const { key } = await keep(dir);
    const before = statSync(join(dir, FILE), { bigint: true });
    const again = await keep(dir);
    expect(again.key).toEqual(key);
    expect(again.log.lines).toEqual([]);
    expect(statSync(join(dir, FILE), { bigint: true }).ctimeNs).toBe(before.ctimeNs);
  });

  it('is one key, however many processes need it at once', async () => {
    const dir = makeFolder();
    const keys = await Promise.all(Array.from({ length: 8 }, async () => (await keep(dir)).key.publicKey));
    expect(new Set(keys).size).toBe(1);
    expect(readdirSync(join(dir, 'state/ssh'))).toEqual(['a-coreos_ed25519', 'a-coreos_ed25519.pub']);
  });

  it('may be the operator’s own; its public half is written beside it', async () => {
    const own = makeHostKey('of old');
    const dir = makeFolder({ [FILE]: own.privateKey });
    chmodSync(join(dir, FILE), 0o600);
    const { key, log } = await keep(dir);
    expect(key).toEqual(own);
    expect(readFileSync(join(dir, `${FILE}.pub`), 'utf8')).toBe(`${own.publicKey}\n`);
    expect(log.lines).toEqual([]);
  });

  it('is told about when others may read it', async () => {
    const dir = makeFolder({ [FILE]: makeHostKey('a').privateKey });
    chmodSync(join(dir, FILE), 0o640);
    const { log } = await keep(dir);
    expect(log.of('warn')).toMatchObject([{ fields: { file: FILE, remedy: `chmod 600 ${FILE}` } }]);
  });
});

describe('a broken file', () => {
  const key = makeHostKey('a-coreos');
  it.each([
    ['empty', { [FILE]: '' }, FILE, 'it is no OpenSSH private key'],
    ['cut short', { [FILE]: key.privateKey.slice(0, 200) }, FILE, 'it is no OpenSSH private key'],
    [
      'the public half of another key',
      { [FILE]: key.privateKey, [`${FILE}.pub`]: `${makeHostKey('x').publicKey}\n` },
      `${FILE}.pub`,
      `it does not belong to ${FILE}`,
    ],
  ])('%s: is an error with its place, and stays as it is', async (_what, files, file, message) => {
    const dir = makeFolder(files);
    chmodSync(join(dir, FILE), 0o600);
    await expect(keep(dir)).rejects.toMatchObject({ code: 'broken', message, place: { file } });
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(dir, path), 'utf8')).toBe(text);
  });

  it('that is a folder, or too long, is no key either', async () => {
    const dir = makeFolder();
    mkdirSync(join(dir, FILE), { recursive: true });
    await expect(keep(dir)).rejects.toMatchObject({ code: 'refused' });
    const other = makeFolder();
    addFiles(other, { [FILE]: '' });
    writeFileSync(join(other, FILE), Buffer.alloc(20_000, 65));
    await expect(keep(other)).rejects.toMatchObject({ code: 'too-large' });
  });
});

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
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    await identities.ensure(names);
    const { identities: later } = await open({}, dir);
    await later.ensure(names);
    for (const name of names) expect(later.keyOf(name)).toEqual(identities.keyOf(name));
  });

  it('are kept in memory once they are known: a file that changes under the server changes nothing', async () => {
    const { identities, dir, log } = await open();
    await identities.ensure(['a']);
    const first = identities.keyOf('a');
    writeFileSync(join(dir, 'state/ssh/a_ed25519'), makeHostKey('a').privateKey);
    await identities.ensure(['a']);
    expect(identities.keyOf('a')).toBe(first);
    expect(log.of('error')).toEqual([]);
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

  it('of a whole rack are made in one call, each once', async () => {
    const { identities, log } = await open();
    const rack = Array.from({ length: 35 }, (_, i) => `w${i}`);
    await identities.ensure([...rack, ...rack]);
    const keys = rack.map((node) => identities.keyOf(node)?.publicKey);
    expect(keys).not.toContain(undefined);
    expect(new Set(keys).size).toBe(35);
    expect(log.of('error')).toEqual([]);
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
