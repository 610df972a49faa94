import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { editedLikeBefore } from '../../../src/admin/service/files.ts';
import { brokenRow, profileKeys, profileRow } from '../../../src/admin/service/profiles.ts';
import { revisionOf } from '../../../src/catalog/save-file.ts';
import { profileSchema } from '../../../src/catalog/profile-schema.ts';
import { flatcar, MAC, adminSetup } from './setup.ts';

test('a profile in force, with its own problems and those of its documents only', async () => {
  const { catalog } = await adminSetup({
    'profiles/a.json': { version: '1.2.3', cloud_config: 'a', sshkey: 'gone', nodes: [{ name: 'n', serial: 'x' }] },
    'configs/a.yml': 'no cloud-config',
    'configs/b.yml': 'no cloud-config either',
    'profiles/b.json': { version: '1.2.3', cloud_config: 'b' },
  });
  const snapshot = catalog.current();
  const profile = snapshot.profiles.get('a');
  if (profile === undefined) throw new TypeError('no profile');
  const row = profileRow(profile, snapshot);
  expect(row).toMatchObject({
    name: 'a',
    file: 'profiles/a.json',
    system: 'coreos',
    channel: 'stable',
    arch: 'amd64',
    version: '1.2.3',
    update: 'auto',
    nodes: 1,
    default: false,
    install: false,
    inForce: true,
  });
  expect(row.title).toMatch(/CoreOS/);
  const about = row.problems.map(({ place }) => place.file);
  expect(about).toContain('profiles/a.json');
  expect(about).toContain('configs/a.yml');
  expect(about).not.toContain('configs/b.yml');
});

test('a file that never was good: what can be read of it', async () => {
  const setup = await adminSetup({
    'profiles/half.json':
      '{"system": "flatcar", "version": "1", "channel": 7, "update": "manual", "nodes": [{}], "install": 1}',
    'profiles/none.json': '{',
    'profiles/list.json': '[]',
  });
  const { problems } = setup.catalog.current();
  expect(await brokenRow('profiles/half.json', setup.files, { problems })).toMatchObject({
    name: 'half',
    system: 'flatcar',
    channel: 'stable',
    version: '1',
    update: 'manual',
    nodes: 1,
    install: true,
    inForce: false,
  });
  for (const name of ['none', 'list', 'gone']) {
    const row = await brokenRow(`profiles/${name}.json`, setup.files, { problems });
    expect(row).toMatchObject({ name, version: '', nodes: 0, inForce: false });
    expect(row.problems.length > 0).toBe(name !== 'gone');
  }
});

test('every key of the schema, with its help and an example that is JSON', () => {
  const keys = profileKeys();
  expect(keys.map(({ key }) => key)).toEqual(Object.keys(profileSchema()['properties'] as object));
  for (const { help, example = 'null' } of keys) {
    expect(help).toMatch(/\w.+\.$/s);
    expect(() => JSON.parse(example) as unknown).not.toThrow();
  }
});

test('what may be chosen is said', () => {
  expect(profileKeys().find(({ key }) => key === 'update')).toEqual({
    key: 'update',
    help: expect.stringContaining('One of auto, manual. Default: "auto".') as string,
    example: '"manual"',
  });
});

test.each([
  ['{\n}\n', '{\r\n "a": 1}\r\n', '{\n "a": 1}\n'],
  ['{\r\n}\r\n', '{\n "a": 1}\r\n', '{\r\n "a": 1}\r\n'],
  ['{\r\n}\n', '{\n "a": 1}\r\n', '{\n "a": 1}\r\n'],
  ['{}', '{\r\n}', '{\r\n}'],
  [undefined, '{\r\n}\n', '{\r\n}\n'],
  ['{\n"\u017d"}', '{\r\n"\u017d"}', '{\n"\u017d"}'],
])('%j edited as %j', (before, text, after) => {
  expect(editedLikeBefore(before === undefined ? undefined : Buffer.from(before), text).toString()).toBe(after);
});

const A = flatcar([{ name: 'w1', mac: MAC, ip: '10.0.0.1' }]);
const at = (name: string) => ({ folder: 'profiles', name });
const REVISION = revisionOf(Buffer.from(A));

test('the list has what is in force and what is broken, by name', async () => {
  const setup = await adminSetup({ 'profiles/b.json': A, 'profiles/a.json': '{', 'profiles/c.json': flatcar() });
  expect((await setup.adminService.profiles()).map(({ name, inForce }) => [name, inForce])).toEqual([
    ['a', false],
    ['b', true],
    ['c', true],
  ]);
});

describe('one profile', () => {
  test('with its text, who boots it, and the help for its editor', async () => {
    const setup = await adminSetup({ 'profiles/a.json': A });
    expect(await setup.adminService.profile('a')).toMatchObject({
      name: 'a',
      text: A,
      revision: REVISION,
      members: [{ name: 'w1', key: MAC, address: '10.0.0.1', identity: MAC }],
      inForce: true,
      keys: expect.arrayContaining([expect.objectContaining({ key: 'nodes' })]) as object,
    });
  });

  test('that is broken on disk: the text is the broken one', async () => {
    const setup = await adminSetup({ 'profiles/a.json': A, 'profiles/b.json': '{' });
    writeFileSync(join(setup.dir, 'profiles/a.json'), '[');
    expect(await setup.adminService.profile('a')).toMatchObject({ text: '[', inForce: true, nodes: 1 });
    expect(await setup.adminService.profile('b')).toMatchObject({ text: '{', inForce: false, members: [] });
  });

  test('that is not there', async () => {
    const setup = await adminSetup({ 'profiles/workers.json': A });
    await expect(setup.adminService.profile('worker')).rejects.toMatchObject({
      code: 'not-found',
      remedy: 'did you mean "workers"?',
    });
    await expect(setup.adminService.profile('xyz')).rejects.toMatchObject({ remedy: 'create profiles/xyz.json' });
    for (const name of ['../a', 'a/b/c', '', '.hidden'])
      await expect(setup.adminService.profile(name)).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('a change that is looked at first', () => {
  test('line by line, with what would be wrong; nothing is written', async () => {
    const setup = await adminSetup({ 'profiles/a.json': A });
    const text = A.replace('4593.2.5', '4593.2.6').replace('"nodes"', '"noodes"');
    const { file, diff, problems } = await setup.adminService.previewFile(at('a'), text);
    expect(file).toBe('profiles/a.json');
    expect(diff.filter(({ sign }) => sign !== ' ')).toEqual([
      { sign: '-', text: '  "version": "4593.2.5",' },
      { sign: '-', text: '  "nodes": [' },
      { sign: '+', text: '  "version": "4593.2.6",' },
      { sign: '+', text: '  "noodes": [' },
    ]);
    expect(problems).toMatchObject([{ severity: 'error', place: { file: 'profiles/a.json', key: 'noodes', line: 4 } }]);
    expect(setup.text('profiles/a.json')).toBe(A);
  });

  test('a new file is all new', async () => {
    const setup = await adminSetup({});
    const { diff } = await setup.adminService.previewFile(at('new'), '{\n}\n');
    expect(diff.map(({ sign }) => sign)).toEqual(['+', '+']);
    expect(existsSync(join(setup.dir, 'profiles/new.json'))).toBe(false);
  });
});

describe('a change that is saved', () => {
  const next = A.replace('4593.2.5', '4593.2.6');

  test('is in force when the answer comes', async () => {
    const setup = await adminSetup({ 'profiles/a.json': A });
    expect((await setup.adminService.saveFile(at('a'), next, REVISION)).problems).toEqual([]);
    expect(setup.text('profiles/a.json')).toBe(next);
    expect(setup.catalog.current().profiles.get('a')?.version).toBe('4593.2.6');
  });

  test('keeps the line ends of the file', async () => {
    const crlf = A.replaceAll('\n', '\r\n');
    const setup = await adminSetup({ 'profiles/a.json': crlf });
    await setup.adminService.saveFile(at('a'), next, revisionOf(Buffer.from(crlf)));
    expect(setup.text('profiles/a.json')).toBe(next.replaceAll('\n', '\r\n'));
  });

  test('with errors is not', async () => {
    const setup = await adminSetup({ 'profiles/a.json': A });
    const { problems } = await setup.adminService.saveFile(at('a'), '{"chanel": 1}', REVISION);
    expect(problems).toMatchObject([{ severity: 'error' }]);
    expect(setup.text('profiles/a.json')).toBe(A);
    expect((await setup.adminService.saveFile(at('new'), '{', undefined)).problems).toHaveLength(1);
    expect(existsSync(join(setup.dir, 'profiles/new.json'))).toBe(false);
  });

  test('on top of another text is a conflict, also one with errors', async () => {
    const setup = await adminSetup({ 'profiles/a.json': A });
    writeFileSync(join(setup.dir, 'profiles/a.json'), `${A}\n`);
    for (const text of [next, '{'])
      await expect(setup.adminService.saveFile(at('a'), text, REVISION)).rejects.toMatchObject({ code: 'conflict' });
    await expect(setup.adminService.saveFile(at('a'), next, undefined)).rejects.toMatchObject({ code: 'conflict' });
    await expect(setup.adminService.saveFile(at('b'), next, REVISION)).rejects.toMatchObject({ code: 'conflict' });
    expect(setup.text('profiles/a.json')).toBe(`${A}\n`);
  });

  test('a new file only under a name, never through a path', async () => {
    const setup = await adminSetup({});
    await setup.adminService.saveFile(at('new'), next, undefined);
    expect(setup.text('profiles/new.json')).toBe(next);
    for (const name of ['../configs/x', 'a/b/c', '..', 'x\u0000'])
      await expect(setup.adminService.saveFile(at(name), next, undefined)).rejects.toMatchObject({ code: 'invalid' });
    symlinkSync('/tmp', join(setup.dir, 'profiles/out.json'));
    await expect(setup.adminService.saveFile(at('out'), next, undefined)).rejects.toMatchObject({ code: 'refused' });
  });
});
