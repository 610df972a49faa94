import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { openSecrets } from '../../src/files/secret-file.ts';
import type { SecretRef } from '../../src/model/secret.ts';
import { asFailure, failureLine } from '../../src/model/failure.ts';
import { type FolderFiles, makeFolder } from '../support/folder.ts';

const VALUE = 'correct horse';

async function setup(files: FolderFiles = {}, credentials?: string) {
  const dir = makeFolder(files);
  for (const file of Object.keys(files)) chmodSync(join(dir, file), 0o600);
  const secrets = openSecrets(await openDataRoot(dir), credentials);
  const refusal = async (ref: SecretRef) => {
    const failure = asFailure(await secrets.read(ref).catch((error: unknown) => error));
    const line = failureLine(failure);
    expect(line).not.toContain(VALUE);
    expect(line).not.toContain(dir);
    return { code: failure.code, line };
  };
  return { dir, secrets, refusal };
}

describe('a secret in a file', () => {
  test('is its text, without one line end after it', async () => {
    const { secrets } = await setup({
      'secrets/a': `${VALUE}\n`,
      'secrets/lab/b': `${VALUE}\r\n`,
      'secrets/c': `${VALUE}\n\n`,
      'secrets/d': ` ${VALUE}`,
    });
    const read = ['a', 'lab/b', 'c', 'd'].map(async (name) => await secrets.read({ file: `secrets/${name}` }));
    expect(await Promise.all(read)).toEqual([VALUE, VALUE, `${VALUE}\n`, ` ${VALUE}`]);
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o777])(
    'is refused with the mode %o, with the remedy',
    async (mode) => {
      const { dir, refusal } = await setup({ 'secrets/a': VALUE });
      chmodSync(join(dir, 'secrets/a'), mode);
      const { code, line } = await refusal({ file: 'secrets/a' });
      expect(code).toBe('refused');
      expect(line).toMatch(
        /^secrets\/a may be read or changed by others than its owner \(mode 0\d{3}\) \(chmod 600 secrets\/a, /,
      );
    },
  );

  test.each([0o600, 0o400, 0o700])('is read with the mode %o', async (mode) => {
    const { dir, secrets } = await setup({ 'secrets/a': VALUE });
    chmodSync(join(dir, 'secrets/a'), mode);
    expect(await secrets.read({ file: 'secrets/a' })).toBe(VALUE);
  });

  test.each([
    'state/admin-token',
    'secrets/../state/admin-token',
    'secrets/',
    'secrets',
    'secrets//etc/passwd',
    '/etc/passwd',
    'secrets/a/b/c',
    'secrets/.a',
    'secrets/a\0',
    '',
  ])('is not sought at %j', async (file) => {
    const { refusal } = await setup({ 'state/admin-token': VALUE });
    expect(await refusal({ file })).toMatchObject({ code: 'refused' });
  });

  test('is not sought behind a link that leaves the data directory', async () => {
    const outside = makeFolder({ x: VALUE });
    chmodSync(join(outside, 'x'), 0o600);
    const { dir, refusal } = await setup({ 'secrets/a': VALUE });
    symlinkSync(join(outside, 'x'), join(dir, 'secrets/b'));
    expect(await refusal({ file: 'secrets/b' })).toMatchObject({
      code: 'refused',
      line: expect.stringMatching(/^secrets\/b is a link that leaves the data directory/) as string,
    });
  });

  test('that is missing, a folder, empty, too long or no text says so', async () => {
    const { dir, refusal } = await setup({
      'secrets/empty': '\n',
      'secrets/long': 'x'.repeat(64 * 1024 + 1),
      'secrets/bytes': Buffer.from([0xff, 0xfe, 0x00]),
    });
    mkdirSync(join(dir, 'secrets/folder'));
    expect(await refusal({ file: 'secrets/gone' })).toEqual({
      code: 'not-found',
      line: 'secrets/gone does not exist (put the secret there, and let only its owner read it (chmod 600 secrets/gone))',
    });
    expect(await refusal({ file: 'secrets/folder' })).toMatchObject({ code: 'refused' });
    expect(await refusal({ file: 'secrets/empty' })).toMatchObject({ code: 'broken' });
    expect(await refusal({ file: 'secrets/long' })).toMatchObject({ code: 'too-large' });
    expect(await refusal({ file: 'secrets/bytes' })).toMatchObject({ code: 'broken' });
  });
});

describe('a credential of systemd', () => {
  test('is read from the folder that systemd names, whatever its mode', async () => {
    const folder = makeFolder({ 'w1.token': `${VALUE}\n` });
    chmodSync(join(folder, 'w1.token'), 0o440);
    const { secrets } = await setup({}, folder);
    expect(await secrets.read({ credential: 'w1.token' })).toBe(VALUE);
  });

  test('that is not there says what the unit lacks', async () => {
    const folder = makeFolder();
    const given = await setup({}, folder);
    expect(await given.refusal({ credential: 'w1.token' })).toEqual({
      code: 'not-found',
      line: 'credential w1.token does not exist (write LoadCredential=w1.token:/PATH/OF/THE/FILE into the unit, and start it again)',
    });
    expect(await given.refusal({ credential: '../outside' })).toMatchObject({ code: 'refused' });
    const none = await setup();
    expect(await none.refusal({ credential: 'w1.token' })).toMatchObject({
      code: 'not-found',
      line: expect.stringContaining('systemd gave the server no credentials') as string,
    });
  });
});
