import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../../src/cli/cli.ts';
import { makeFolder } from '../../support/folder.ts';

/** `pilotlight serve` for as long as it takes to say its first words: what it wrote, and its log. */
async function firstWords(isTTY: boolean): Promise<{ readonly said: string; readonly log: string }> {
  const dir = makeFolder({});
  const log = join(dir, 'log');
  const said: string[] = [];
  const stop = new AbortController();
  const code = await run(['serve', '--data-dir', dir, '--http-listen', '127.0.0.1:0', '--tftp-listen', 'off'], {
    env: { PILOTLIGHT_SYNC: 'off', PILOTLIGHT_LOG_FORMAT: 'json' },
    cwd: dir,
    stdout: { write: () => undefined, fd: openSync(log, 'w') },
    stderr: {
      isTTY,
      write(text) {
        said.push(text);
        stop.abort();
      },
    },
    stop: stop.signal,
    force: new AbortController().signal,
  });
  expect(code).toBe(0);
  return { said: said.join(''), log: readFileSync(log, 'utf8') };
}

test('the first start shows the login link on a terminal', async () => {
  expect((await firstWords(true)).said).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+\/dashboard\/login\?code=[\w-]{22}$/m);
});

test('what is no terminal is kept and shown around: there the command that makes a link is named', async () => {
  const { said, log } = await firstWords(false);
  expect(said).toContain('`pilotlight login` prints a link');
  expect(said + log).not.toContain('code=');
});
