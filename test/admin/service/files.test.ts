import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { followEdits, runAs } from '../../../src/admin/service/actor.ts';
import { revisionOf } from '../../../src/catalog/save-file.ts';
import type { FolderFiles } from '../../support/folder.ts';
import { flatcar, MAC, adminSetup } from './setup.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGm9Y2UgdXBvbiBhIHRpbWUgdGhlcmUgd2FzIGEga2V5 ops\n';
const CONFIG = '#cloud-config\nhostname: a\n';
const FILES: FolderFiles = {
  'profiles/w.json': { version: '1.2.3', cloud_config: 'a', sshkey: 'ops', nodes: [{ name: 'w1', mac: MAC }] },
  'profiles/other.json': { version: '1.2.3', cloud_config: 'b', nodes: [{ name: 'o1', serial: 'S-1' }] },
  'configs/a.yml': CONFIG,
  'configs/b.yml': CONFIG,
  'sshkeys/ops.pub': KEY,
};
const at = (folder: string, name: string) => ({ folder, name });
const revision = (text: string): string => revisionOf(Buffer.from(text));

/** An admin service whose edits are those of an operator, so that versions are kept. */
async function setup(files: FolderFiles = FILES) {
  const service = await adminSetup(files);
  followEdits(service.files);
  const anna = <T>(work: () => Promise<T>): Promise<T> =>
    runAs({ role: 'operator', who: 'anna', by: 'session', user: 'anna', session: 's', from: '::1' }, work);
  return { ...service, anna };
}

test.each([
  ['configs', 'a.yml', 4 * 2 ** 20, '4 MiB'],
  ['sshkeys', 'ops', 2 ** 16, '64 KiB'],
  ['profiles', 'w', 2 ** 24, '16 MiB'],
])('a text that is too large for %s is neither judged nor compared', async (folder, name, bytes, most) => {
  const service = await setup();
  const text = 'b\n'.repeat(bytes / 2);
  const attempt = vi.spyOn(service.catalog, 'attempt');
  const failure = { code: 'too-large', message: `would be larger than ${most}` };
  await expect(service.adminService.previewFile(at(folder, name), `${text}x`)).rejects.toMatchObject(failure);
  expect(attempt).not.toHaveBeenCalled();
  if (folder === 'sshkeys') expect(await service.adminService.previewFile(at(folder, name), text)).toBeDefined();
});

describe('looking', () => {
  test('at all configs and keys, with who uses them, and what is wrong', async () => {
    const service = await setup({ ...FILES, 'configs/c.yml': 'no cloud-config', 'sshkeys/bad.pub': '' });
    const { files, removed } = await service.adminService.files();
    expect(files.map(({ file, usedBy, inForce, problems }) => [file, usedBy, inForce, problems.length > 0])).toEqual([
      ['configs/a.yml', ['w'], true, false],
      ['configs/b.yml', ['other'], true, false],
      ['configs/c.yml', [], true, false],
      ['sshkeys/bad.pub', [], false, true],
      ['sshkeys/ops.pub', ['w'], true, false],
    ]);
    expect(removed).toEqual([]);
  });

  test('at one, by its name', async () => {
    const service = await setup();
    expect(await service.adminService.file(at('configs', 'a.yml'))).toMatchObject({
      file: 'configs/a.yml',
      text: CONFIG,
      revision: revision(CONFIG),
      usedBy: ['w'],
      versions: [],
    });
    await expect(service.adminService.file(at('configs', 'aa.yml'))).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no config "aa.yml"',
      remedy: 'did you mean "a.yml"?',
    });
  });

  test('at a link that leads nowhere names no other file', async () => {
    const { adminService, dir } = await setup();
    rmSync(join(dir, 'configs/b.yml'));
    symlinkSync('nowhere', join(dir, 'configs/b.yml'));
    await expect(adminService.file(at('configs', 'b.yml'))).rejects.toMatchObject({ remedy: 'create configs/b.yml' });
  });

  test('at no text gives none, and nothing of secrets/', async () => {
    const service = await setup({
      ...FILES,
      'configs/packed': Buffer.from([0x1f, 0x8b, 0, 255]),
      'secrets/s': 'hidden',
    });
    expect((await service.adminService.file(at('configs', 'packed'))).text).toBeUndefined();
    symlinkSync('../secrets/s', join(service.dir, 'configs/s'));
    await expect(service.adminService.file(at('configs', 's'))).rejects.toMatchObject({ code: 'refused' });
    for (const folder of ['secrets', 'state', 'images'])
      await expect(service.adminService.file(at(folder, 's'))).rejects.toMatchObject({ code: 'invalid' });
  });
});

test('a viewer does not see a private key that a config holds; who may change it does', async () => {
  const pem = ['-----BEGIN OPENSSH PRIVATE KEY-----', 'aHVudGVyMg', '-----END OPENSSH PRIVATE KEY-----'];
  const text = `#cloud-config\nssh_keys:\n  ed25519_private: |\n${pem.map((line) => `    ${line}\n`).join('')}`;
  const service = await setup({ 'configs/k.yml': text });
  const file = at('configs', 'k.yml');
  const viewer = <T>(work: () => Promise<T>): Promise<T> =>
    runAs({ role: 'viewer', who: 'v', by: 'session', user: 'v', session: 's', from: '::1' }, work);
  const seen = [
    await viewer(() => service.adminService.file(file)),
    await viewer(() => service.adminService.previewFile(file, `${text}# x\n`)),
    await viewer(() => service.adminService.previewFile(file, undefined)),
  ];
  expect(JSON.stringify(seen)).not.toContain('aHVudGVyMg');
  expect((await service.anna(() => service.adminService.file(file))).text).toBe(text);
});

describe('a preview names the machines', () => {
  const machines = async (file: ReturnType<typeof at>, text: string | undefined, files = FILES) => {
    const service = await setup(files);
    const { machines, touched, unlisted } = await service.adminService.previewFile(file, text);
    expect(touched).toBe(machines.length);
    return { machines: machines.map(({ name, from, to }) => [name, from, to]), unlisted };
  };

  test('of the profiles that name a config, or a key', async () => {
    const w = { machines: [['w1', 'w', 'w']], unlisted: false };
    expect(await machines(at('configs', 'a.yml'), `${CONFIG}# more\n`)).toEqual(w);
    expect(await machines(at('sshkeys', 'ops'), KEY.replace('ops', 'new'))).toEqual(w);
    expect(await machines(at('configs', 'new.yml'), CONFIG)).toEqual({ machines: [], unlisted: false });
  });

  test('that a profile gains, loses and keeps', async () => {
    const text = JSON.stringify({
      version: '1.2.3',
      nodes: [{ name: 'n', uuid: '7c2b1f0e-0000-4000-8000-000000000001' }],
    });
    expect((await machines(at('profiles', 'other'), text)).machines).toEqual([
      ['o1', 'other', undefined],
      ['n', undefined, 'other'],
    ]);
    const kept = {
      version: '1.2.3',
      cloud_config: 'b',
      nodes: [
        { name: 'o1', serial: 'S-1' },
        { name: 'n', serial: 'N' },
      ],
    };
    expect((await machines(at('profiles', 'other'), JSON.stringify(kept))).machines).toEqual([
      ['n', undefined, 'other'],
    ]);
  });

  test('and those that no profile lists, where the default profile changes', async () => {
    const files = {
      'profiles/d.json': flatcar([], { default: true }),
      'profiles/w.json': flatcar([{ name: 'w', mac: MAC }]),
    };
    expect(await machines(at('profiles', 'd'), flatcar([], { default: true, root: '/dev/sda' }), files)).toEqual({
      machines: [],
      unlisted: true,
    });
    expect((await machines(at('profiles', 'w'), undefined, files)).machines).toEqual([['w', 'w', 'd']]);
  });
});

describe('a change', () => {
  test('of a config is checked, written and in force', async () => {
    const service = await setup();
    const text = `${CONFIG}users: []\n`;
    await service.adminService.saveFile(at('configs', 'a.yml'), text, revision(CONFIG));
    expect(service.text('configs/a.yml')).toBe(text);
    expect(service.catalog.current().documents.get('a.yml')?.bytes.toString()).toBe(text);
  });

  test('with an error is not written, and says where', async () => {
    const service = await setup();
    const bad = '#cloud-config\nhostname: [\n';
    const { problems } = await service.adminService.saveFile(at('configs', 'a.yml'), bad, revision(CONFIG));
    expect(problems).toMatchObject([{ severity: 'error', place: { file: 'configs/a.yml', line: 3 } }]);
    const key = await service.adminService.saveFile(
      at('sshkeys', 'x'),
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      undefined,
    );
    expect(key.problems).toMatchObject([{ severity: 'error', message: 'is a private key' }]);
    expect(service.text('configs/a.yml')).toBe(CONFIG);
    expect(existsSync(join(service.dir, 'sshkeys/x.pub'))).toBe(false);
  });

  test('that another file would not bear is refused, and names that file', async () => {
    const service = await setup();
    const twice = await service.adminService.saveFile(at('configs', 'a.yml.hbs'), CONFIG, undefined);
    expect(twice.problems).toMatchObject([
      { severity: 'error', message: expect.stringContaining('is there too') as string },
    ]);
    const gone = await service.adminService.saveFile(at('configs', 'a.yml'), undefined, revision(CONFIG));
    expect(gone.problems).toMatchObject([{ severity: 'error', place: { file: 'profiles/w.json' } }]);
    const key = await service.adminService.saveFile(at('sshkeys', 'ops'), undefined, revision(KEY));
    expect(key.problems).toMatchObject([{ severity: 'error', place: { file: 'profiles/w.json' } }]);
    expect(service.text('configs/a.yml')).toBe(CONFIG);
  });

  test('on top of another text is a conflict', async () => {
    const service = await setup();
    writeFileSync(join(service.dir, 'configs/a.yml'), `${CONFIG}# by hand\n`);
    for (const text of [`${CONFIG}# mine\n`, undefined])
      await expect(service.adminService.saveFile(at('configs', 'a.yml'), text, revision(CONFIG))).rejects.toMatchObject(
        {
          code: 'conflict',
        },
      );
    expect(service.text('configs/a.yml')).toBe(`${CONFIG}# by hand\n`);
  });

  test('makes a folder for the first file of its kind', async () => {
    const service = await setup({ 'profiles/w.json': flatcar() });
    rmSync(join(service.dir, 'sshkeys'), { recursive: true, force: true });
    await service.adminService.saveFile(at('configs', 'lab/a.yml'), CONFIG, undefined);
    expect(service.text('configs/lab/a.yml')).toBe(CONFIG);
    await service.adminService.saveFile(at('sshkeys', 'ops'), KEY, undefined);
    expect(service.text('sshkeys/ops.pub')).toBe(KEY);
  });
});

describe('undo', () => {
  test('each version that an operator replaced can be looked at and put back', async () => {
    const { adminService, anna, ...service } = await setup();
    const file = at('configs', 'b.yml');
    await anna(() => adminService.saveFile(file, `${CONFIG}# 2\n`, revision(CONFIG)));
    await anna(() => adminService.saveFile(file, `${CONFIG}# 3\n`, revision(`${CONFIG}# 2\n`)));
    const { versions } = await adminService.file(file);
    expect(versions.map(({ who }) => who)).toEqual(['anna', 'anna']);
    const first = versions.at(-1)?.id ?? '';
    const seen = await adminService.fileVersion(file, first);
    expect(seen).toMatchObject({ text: CONFIG, revision: revision(`${CONFIG}# 3\n`), problems: [] });
    expect(seen.diff.filter(({ sign }) => sign !== ' ')).toEqual([{ sign: '-', text: '# 3' }]);
    expect(seen.machines).toMatchObject([{ name: 'o1' }]);
    await expect(adminService.restoreFile(file, first, revision(CONFIG))).rejects.toMatchObject({ code: 'conflict' });
    await anna(() => adminService.restoreFile(file, first, seen.revision));
    expect(service.text('configs/b.yml')).toBe(CONFIG);
    expect((await adminService.file(file)).versions).toHaveLength(3);
  });

  test('a file that was removed comes back, byte for byte', async () => {
    const bytes = Buffer.from('\uFEFF#cloud-config\r\nhostname: x\n');
    const service = await setup({ ...FILES, 'configs/free.yml': bytes });
    const { adminService, anna } = service;
    const file = at('configs', 'free.yml');
    await anna(() => adminService.saveFile(file, undefined, revisionOf(bytes)));
    expect(existsSync(join(service.dir, 'configs/free.yml'))).toBe(false);
    const { removed } = await adminService.files();
    expect(removed).toMatchObject([{ file: 'configs/free.yml', name: 'free.yml', last: { who: 'anna' } }]);
    await anna(() => adminService.restoreFile(file, removed[0]?.last.id ?? '', undefined));
    expect(service.text('configs/free.yml')).toBe(bytes.toString());
    expect((await adminService.files()).removed).toEqual([]);
  });

  test.each([
    ['a folder', mkdirSync],
    [
      'a link that leads out',
      (path: string) => {
        symlinkSync('/etc/hostname', path);
      },
    ],
    [
      'a link to secrets',
      (path: string) => {
        symlinkSync('../state', path);
      },
    ],
  ])('%s in the place of a removed file hides no other file from the list', async (_what, place) => {
    const service = await setup({ ...FILES, 'configs/free.yml': CONFIG });
    const { adminService, anna } = service;
    await anna(() => adminService.saveFile(at('configs', 'free.yml'), undefined, revision(CONFIG)));
    place(join(service.dir, 'configs/free.yml'));
    const { files, removed } = await adminService.files();
    expect(files.map(({ file }) => file)).toContain('configs/a.yml');
    expect(removed).toEqual([]);
  });

  test('a version that would break something now is not put back', async () => {
    const { adminService, anna } = await setup();
    const file = at('profiles', 'w');
    const { text = '', revision: now } = await adminService.file(file);
    await anna(() => adminService.saveFile(file, flatcar(), now));
    await anna(() => adminService.saveFile(at('profiles', 'x'), text, undefined));
    const { versions, revision: then } = await adminService.file(file);
    const { problems } = await anna(() => adminService.restoreFile(file, versions[0]?.id ?? '', then));
    expect(problems).toMatchObject([
      { severity: 'error', message: expect.stringContaining('is claimed by') as string },
    ]);
  });

  test('what is no edit of an operator is not kept: a sync, and the users', async () => {
    const { adminService, dir } = await setup();
    await adminService.saveFile(at('configs', 'b.yml'), `${CONFIG}# 2\n`, revision(CONFIG));
    expect((await adminService.file(at('configs', 'b.yml'))).versions).toEqual([]);
    mkdirSync(join(dir, 'state/history/secrets~x'), { recursive: true });
    expect((await adminService.files()).removed).toEqual([]);
  });
});
