import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { serveChild } from '../support/served.ts';

const SIZE = 32 * 2 ** 20; // more than all buffers between the server and a reader that stands still
const FILES = { 'profiles/a.json': { version: '1' }, 'images/big': Buffer.alloc(SIZE, 'x') };

/** A download that is answered and not read. */
async function begin(port: number): Promise<IncomingMessage> {
  const asked = get({ host: '127.0.0.1', port, path: '/images/big', agent: false });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

async function refused(port: number): Promise<boolean> {
  const asked = get({ host: '127.0.0.1', port, path: '/healthz', agent: false });
  return await new Promise((resolve) => {
    asked.once('error', () => {
      resolve(true);
    });
    asked.once('response', (answer) => {
      answer.resume();
      resolve(false);
    });
  });
}

test('SIGTERM: nobody new is let in, a running download finishes, the exit status is 0', async () => {
  const served = serveChild(makeFolder(FILES));
  const port = await served.port;
  const answer = await begin(port);
  const signalled = performance.now();
  served.child.kill('SIGTERM');
  await expect.poll(async () => await refused(port)).toBe(true);
  let length = 0;
  answer.on('data', (chunk: Buffer) => (length += chunk.length));
  await once(answer, 'end');
  expect(length).toBe(SIZE);
  expect(await served.ended).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - signalled).toBeLessThan(10_000);
  expect(served.said()).toContain('"msg":"stopped"');
});

test('SIGTERM while threads are still being started: all parts stop, and what was answered is in the journal', async () => {
  for (let time = 1; time <= 3; time += 1) {
    const served = serveChild(makeFolder(FILES));
    await fetch(`http://127.0.0.1:${await served.port}/ipxe?mac=52-54-00-00-00-01`);
    served.child.kill('SIGTERM');
    expect(await served.ended).toMatchObject({ code: 0, signal: null });
    expect(served.said(), `time ${time}`).toContain('"msg":"stopped"');
  }
});

test('a second signal cuts the download', async () => {
  const served = serveChild(makeFolder(FILES));
  const port = await served.port;
  const answer = await begin(port);
  const cut = new Promise((resolve) => answer.on('error', () => undefined).once('close', resolve));
  served.child.kill('SIGTERM');
  await expect.poll(async () => await refused(port)).toBe(true);
  expect(served.child.exitCode).toBeNull();
  const again = performance.now();
  served.child.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - again).toBeLessThan(2_000);
  answer.resume();
  await cut;
  expect(answer.complete).toBe(false);
});

test('a port that is taken: it ends at once, with a status that is not 0, and names the port', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const taken = (other.address() as { readonly port: number }).port;
  try {
    const served = serveChild(makeFolder(), { env: { PILOTLIGHT_HTTP_LISTEN: `127.0.0.1:${taken}` } });
    const { code, ms } = await served.ended;
    expect(code).toBe(1);
    expect(served.said()).toMatch(new RegExp(`pilotlight serve: HTTP port ${taken} .* in use`));
    expect(served.said()).not.toContain('    at ');
    expect(ms).toBeLessThan(2_000);
  } finally {
    other.close();
  }
});

test('.env of the folder in which it was started is not read', async () => {
  const hostile = makeFolder({ '.env': 'PILOTLIGHT_DATA_DIR=/etc\nPILOTLIGHT_HTTP_LISTEN=nowhere\n' });
  const served = serveChild(makeFolder({ 'profiles/a.json': { version: '310.1.0' } }), { cwd: hostile });
  const answer = await fetch(`http://127.0.0.1:${await served.port}/?profile=a`);
  expect(await answer.text()).toContain('310.1.0');
});
