import { PassThrough } from 'node:stream';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSecret } from '../../../src/cli/secret-input.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const PASSWORD = 'four plain words here';
const secret = (text = PASSWORD) => ({ secret: () => Promise.resolve(text) });

describe('without a server', () => {
  test('users, roles, tokens: added, listed, changed, removed', async () => {
    const dir = makeFolder();
    expect((await runCli(['user', 'list'], dir)).stdout).toContain('there are no users');
    const added = await runCli(['user', 'add', 'anna', '--role', 'operator'], dir, {}, secret());
    expect(added).toEqual({ code: 0, stdout: 'anna is added as operator\n', stderr: '' });
    expect(statSync(join(dir, 'state/users.json')).mode & 0o777).toBe(0o600);
    const made = await runCli(['user', 'token', 'anna', 'ci', '--role', 'viewer', '--days', '7'], dir);
    expect(made.stdout).toMatch(/^plt_[\w-]{43}\n$/);
    const list = await runCli(['user', 'list'], dir);
    expect(list.stdout).toMatch(
      /NAME +ROLE +LOGS IN WITH +API TOKENS +SESSIONS +ADDED\nanna +operator +password +1 token +0 sessions +20/,
    );
    const { tokens } = JSON.parse((await runCli(['user', 'tokens', '--json'], dir)).stdout) as {
      tokens: { id: string }[];
    };
    expect(tokens).toMatchObject([{ user: 'anna', name: 'ci', role: 'viewer', ended: false }]);
    expect((await runCli(['user', 'revoke', tokens[0]?.id ?? ''], dir)).stdout).toBe(
      'the token "ci" of anna is revoked\n',
    );
    expect((await runCli(['user', 'role', 'anna', '--role', 'admin'], dir)).stdout).toContain(
      'anna is admin from the next request on',
    );
    expect((await runCli(['user', 'passwd', 'anna'], dir, {}, secret('another long one'))).code).toBe(0);
    expect((await runCli(['user', 'sessions'], dir)).stdout).toBe('no session is open\n');
    expect((await runCli(['user', 'remove', 'anna'], dir)).code).toBe(0);
    expect(JSON.parse(readFileSync(join(dir, 'state/users.json'), 'utf8'))).toEqual({ users: [] });
  });

  test.each([
    [['user'], 'expected ACTION'],
    [['user', 'nonsense'], 'there is no `user nonsense`'],
    [['user', 'list', 'x'], '`user list` takes no more words'],
    [['user', 'add'], '`user add` takes NAME'],
    [['user', 'add', 'anna'], '`user add` needs --role (viewer, operator, admin)'],
    [['user', 'add', 'anna', '--role', 'root'], '--role must be one of viewer, operator, admin'],
    [['user', 'add', 'Anna', '--role', 'admin'], '"Anna" cannot be the name of a user'],
    [['user', 'token', 'anna'], '`user token` takes NAME FOR'],
    [['user', 'token', 'anna', 'ci', '--days', 'ten'], '--days must be a number from 1 to 366'],
  ])('%j is a wrong call', async (argv, message) => {
    const { code, stdout, stderr } = await runCli(argv, makeFolder(), {}, secret());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('a name that no user has, a short password', async () => {
    const dir = makeFolder();
    const gone = await runCli(['user', 'remove', 'anna'], dir);
    expect([gone.code, gone.stderr]).toEqual([
      1,
      'pilotlight user: there is no user "anna" (see `pilotlight user list`)\n',
    ]);
    const short = await runCli(['user', 'add', 'anna', '--role', 'admin'], dir, {}, secret('short'));
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('the password is too short')]);
  });
});

test('where a server runs, it does it', async () => {
  const { dir, asked, adminService } = await cliSetup({ accounts: sampleAdminService().accounts });
  expect((await runAt(dir, ['user', 'list'])).stdout).toMatch(
    /anna +admin[^]*bert +operator[^]*monitoring +viewer +API tokens only/,
  );
  expect((await runAt(dir, ['user', 'sessions'])).stdout).toMatch(/anna +10\.0\.0\.7[^]*admin token +10\.0\.0\.8/);
  expect((await runAt(dir, ['user', 'tokens'])).stdout).toMatch(/Zm9vYmFy +anna +prometheus +viewer +until/);
  expect((await runAt(dir, ['user', 'add', 'dora', '--role', 'viewer', '--tokens-only'])).code).toBe(0);
  expect((await runAt(dir, ['user', 'logout', 'a'])).stdout).toBe('the session of anna has ended\n');
  expect(asked.map(([what]) => what)).toEqual([
    'GET /api/v1/users',
    'GET /api/v1/sessions',
    'GET /api/v1/tokens',
    'POST /api/v1/users',
    'POST /api/v1/sessions/a/end',
  ]);
  expect(adminService.calls).toContainEqual(['addUser', { name: 'dora', role: 'viewer' }]);
});

describe('a password', () => {
  function terminal(typed: readonly string[]) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin as never });
    const shown: string[] = [];
    for (const one of typed) stdin.write(one);
    return { shown, read: readSecret(stdin as never, { write: (text) => shown.push(text) }, 'Password') };
  }

  test('is the first line of a pipe', async () => {
    const stdin = new PassThrough();
    stdin.end('four plain words here\r\nmore\n');
    expect(await readSecret(stdin, { write: () => undefined }, 'Password')).toBe(PASSWORD);
    const empty = new PassThrough();
    empty.end();
    await expect(readSecret(empty, { write: () => undefined }, 'Password')).rejects.toThrow(
      'standard input holds no password',
    );
  });

  test('is typed twice on a terminal, corrected, and not shown', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin as never });
    const shown: string[] = [];
    const read = readSecret(
      stdin as never,
      {
        write: (text) => {
          shown.push(text);
          if (text.endsWith(': '))
            setImmediate(() => stdin.write(text.includes('again') ? 'gooX\u007fd one\n' : 'nonsense\u0015good one\r'));
        },
      },
      'Password',
    );
    expect(await read).toBe('good one');
    expect(shown).toEqual(['Password: ', '\n', 'Password again: ', '\n']);
  });

  test('Ctrl-C changes nothing', async () => {
    await expect(terminal(['abc\u0003']).read).rejects.toThrow('interrupted: nothing was changed');
  });
});
