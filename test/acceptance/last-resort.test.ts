import { expect, test } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { get } from '../support/http-raw.ts';
import { serveChild } from '../support/served.ts';

const TOKEN = 'a-token-of-a-test-that-is-long';
/** In the server's own process: each signal is a bug of another kind that nothing catches. */
const BUGS = `
process.on('SIGUSR2', () => {
  setTimeout(() => { throw new Error('injected: a timer'); }, 0);
  Promise.reject(new Error('injected: a promise'));
  throw new Error('injected: a listener');
});`;

test('bugs that nothing caught: the server serves on, logs each and shows them on the Health page', async () => {
  const served = serveChild(makeFolder({ 'profiles/a.json': { version: '1' } }), {
    env: {
      PILOTLIGHT_ADMIN_TOKEN: TOKEN,
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(BUGS)}`,
    },
  });
  const port = await served.port;
  served.child.kill('SIGUSR2');
  await expect
    .poll(() => served.said().match(/"msg":"a bug was caught by the last resort[^"]*"/g), { timeout: 60_000 })
    .toHaveLength(3);
  for (const what of ['a timer', 'a promise', 'a listener']) expect(served.said()).toContain(`injected: ${what}`);
  expect(await get(port, '/boot.ipxe')).toMatchObject({ status: 200 });
  const health = await get(port, '/api/v1/health', [`Authorization: Bearer ${TOKEN}`]);
  expect(health.body).toContain('the server met 3 bugs since its start');
  served.child.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0, signal: null });
});

test('a bug before anything is served ends it, with a status that systemd starts again', async () => {
  const bug = 'setTimeout(() => { throw new Error("injected: at start"); }, 0)';
  const served = serveChild(makeFolder({}), {
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(bug)}` },
  });
  expect((await served.ended).code).not.toBe(0);
  expect(served.said()).toContain('injected: at start');
});
