import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openJournalDirectly } from '../../src/journal/create-journal.ts';
import { SILENT } from '../../src/model/service.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { serveChild } from '../support/served.ts';

const TOKEN = 'a-token-of-this-test-alone';
const FILES = {
  'images/k': 'kernel',
  'profiles/a.json': { system: 'custom', kernel: 'k', default: true },
};

function macOf(i: number): string {
  return `52:54:00:${[i >> 16, i >> 8, i].map((part) => (part & 255).toString(16).padStart(2, '0')).join(':')}`;
}

async function ask(port: number, mac: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/ipxe?mac=${mac}`)).text();
}

it('killed in the midst of a crowd it loses its last second at most, and opens again', async () => {
  const dir = makeFolder(FILES);
  const server = serveChild(dir);
  const port = await server.port;
  const answered: number[] = [];
  const over = new AbortController();
  const crowd = (async () => {
    for (let i = 0; !over.signal.aborted; i += 1) {
      // The last ones meet a dead server.
      await ask(port, macOf(i)).then(
        () => answered.push(Date.now()),
        () => undefined,
      );
    }
  })();
  await wait(3000);
  const killedAt = Date.now();
  server.child.kill('SIGKILL');
  await server.ended;
  over.abort();
  await crowd;

  const journal = await openJournalDirectly({ file: join(dir, 'state/pilotlight.db'), days: 90, log: SILENT });
  try {
    expect(journal.status()).toMatchObject({ on: true });
    const { states } = await journal.machines({ limit: 1 });
    const known = Object.values(states).reduce((sum, count) => sum + count, 0);
    const before = answered.filter((at) => at <= killedAt - 1000).length;
    expect(before).toBeGreaterThan(50);
    expect(known).toBeGreaterThanOrEqual(before);
  } finally {
    await journal.stop(AbortSignal.abort());
  }
});

it("what boots by a profile's name alone is listed by its address, and is no machine", async () => {
  const server = serveChild(makeFolder(FILES), { env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN } });
  const url = `http://127.0.0.1:${await server.port}`;
  for (let i = 0; i < 2; i += 1) expect(await (await fetch(`${url}/?profile=a`)).text()).toMatch(/^#!ipxe\n/);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const seen = async () => (await fetch(`${url}/api/v1/machines`, { headers })).json();
  await expect
    .poll(seen, { timeout: 30_000 })
    .toMatchObject({ machines: [], total: 0, byProfile: [{ address: '127.0.0.1', profile: 'a', boots: 2 }] });
  server.child.kill();
  await server.ended;
});

const mounts = needs({ root: true, commands: ['unshare', 'mount'] });

mounts.test('a full disk turns the journal off, loudly, and machines boot', async () => {
  const dir = makeFolder(FILES);
  const state = join(dir, 'state');
  mkdirSync(state);
  const server = serveChild(dir, {
    env: { PILOTLIGHT_ADMIN_TOKEN: TOKEN },
    // Its own small disk, which none else sees: it is gone with the server.
    before: `mount -t tmpfs -o size=512k none '${state}'`,
  });
  const port = await server.port;
  const api = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return await (await fetch(`http://127.0.0.1:${port}/api/v1${path}`, { headers })).json();
  };
  for (let i = 0; !server.said().includes('the journal is off'); i += 1) {
    expect(await ask(port, macOf(i))).toContain('/images/k');
    expect(i).toBeLessThan(20_000);
  }
  for (let i = 0; i < 50; i += 1) expect(await ask(port, macOf(i))).toContain('/images/k');
  const { troubles } = (await api('/health')) as { troubles: readonly { readonly what: string }[] };
  expect(troubles.map(({ what }) => what).join('\n')).toContain('the journal is off');
});
