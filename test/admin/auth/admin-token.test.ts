import {
  bearerOf,
  createTokenCheck,
  loadAdminToken,
  readToken,
  sameText,
  TOKEN_FILE,
} from '../../../src/admin/auth/admin-token.ts';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/app-context.ts';
import { recordLog } from '../../support/http-server.ts';

test('the token is the token, to the last letter', () => {
  const check = createTokenCheck('0123456789abcdef');
  expect(check('0123456789abcdef')).toBe(true);
  for (const wrong of ['', '0123456789abcde', '0123456789abcdef0', '0123456789abcdeF', ' 0123456789abcdef']) {
    expect(check(wrong), wrong).toBe(false);
  }
  expect(check('x'.repeat(100_000))).toBe(false);
  expect([sameText('a', 'a'), sameText('a', 'b'), sameText('', 'a')]).toEqual([true, false, false]);
});

test('nothing but digests of one length is compared, in constant time', () => {
  const source = readFileSync(new URL('../../../src/admin/auth/admin-token.ts', import.meta.url), 'utf8');
  expect(source.match(/timingSafeEqual\(digest\(given\), (?:wanted|digest\(wanted\))\)/g)).toHaveLength(2);
  expect(source).not.toMatch(/given ===|=== given|===\s*token/);
});

test.each([
  ['Bearer abc', 'abc'],
  ['bearer   abc', 'abc'],
  ['BEARER a.b_c~d+e/f=', 'a.b_c~d+e/f='],
  ['Bearer', undefined],
  ['Bearer ', undefined],
  ['Bearer a b', undefined],
  ['Basic YTpi', undefined],
  ['Bearer \u00e4', undefined],
])('%j carries %j', (line, token) => {
  expect(bearerOf(line)).toBe(token);
});

async function setup(content?: string, mode = 0o600) {
  const dir = makeFolder();
  const file = join(dir, TOKEN_FILE);
  if (content !== undefined) {
    mkdirSync(join(dir, 'state'));
    writeFileSync(file, content);
    chmodSync(file, mode);
  }
  const log = recordLog();
  const files = await openDataRoot(dir);
  return { dir, file, files, log, load: async () => await loadAdminToken(files, settingsFor(dir), log) };
}

test('the first start makes a token of 256 bits, for its owner only, and the next one finds it', async () => {
  const { file, load, log } = await setup();
  const first = await load();
  expect(first).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/) as string, made: true });
  expect(readFileSync(file, 'utf8')).toBe(`${first.token}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await load()).toEqual({ token: first.token, made: false });
  expect(log.lines).toEqual([]);
});

test('of two servers that start at once, one has the token that stays', async () => {
  const { files, dir, log, load } = await setup();
  const [one, two] = await Promise.all([load(), loadAdminToken(files, settingsFor(dir), log)]);
  expect([one.token, two.token]).toContain((await load()).token);
  const all = await Promise.all(Array.from({ length: 4 }, async () => (await load()).token));
  expect(new Set(all).size).toBe(1);
});

test('the setting wins, and nothing is written', async () => {
  const { dir, files, log } = await setup();
  const settings = settingsFor(dir, { adminToken: 'a token of the environment' });
  expect(await loadAdminToken(files, settings, log)).toEqual({ token: 'a token of the environment', made: false });
  expect(await readToken(files, log)).toBeUndefined();
});

test.each([0o644, 0o640, 0o604])('a file of mode %o is a warning that does not hold the token', async (mode) => {
  const { load, log } = await setup('0123456789abcdef\n', mode);
  expect(await load()).toEqual({ token: '0123456789abcdef', made: false });
  expect(log.of('warn')).toMatchObject([{ message: 'others may read the admin token' }]);
  expect(JSON.stringify(log.lines)).not.toContain('0123456789abcdef');
});

test.each(['', 'short', 'two words of a poem', 'x'.repeat(600)])(
  'a file with %j is left alone: this start has a token of its own',
  async (content) => {
    const { load, log, file } = await setup(content);
    const { token, made } = await load();
    expect([token.length, made]).toEqual([43, true]);
    expect(readFileSync(file, 'utf8')).toBe(content);
    expect(log.of('error')).toMatchObject([
      { fields: { problem: expect.stringContaining('state/admin-token: holds no admin token (remove it') as string } },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain(token);
  },
);

test('a link that leaves the data directory is not followed', async () => {
  const { dir, load, log } = await setup();
  const outside = makeFolder({ 'state/admin-token': 'a token from elsewhere' });
  mkdirSync(join(dir, 'state'));
  symlinkSync(join(outside, TOKEN_FILE), join(dir, TOKEN_FILE));
  expect((await load()).token).not.toBe('a token from elsewhere');
  expect(log.of('error')).toHaveLength(1);
});

test('where nothing can be written, the token lives as long as the server', async () => {
  const { dir, load, log } = await setup();
  writeFileSync(join(dir, 'state'), 'a file in the place of the folder');
  const [first, second] = [await load(), await load()];
  expect([first.made, second.made]).toEqual([true, true]);
  expect(first.token).not.toBe(second.token);
  expect(log.of('error')).toHaveLength(2);
});
