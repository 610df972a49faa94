import { chmodSync, cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../../src/journal/schema.ts';
import { makeFolder } from '../support/folder.ts';
import { startServer } from '../support/lab-server.ts';

// A data directory as the program of 21 November 2026 (commit f377564) left it: d1 installed, d2 in its installer, w1 up,
// one machine unknown. Its token and host key were made for this and are used nowhere.
const OLD = join(import.meta.dirname, '..', 'fixtures', 'data-of-2026-11-21');

test('a data directory of an older version: nothing of the operator is touched, nothing is installed twice', async () => {
  const dataDir = join(makeFolder({}), 'data');
  cpSync(OLD, dataDir, { recursive: true });
  // Git keeps no such rights.
  for (const secret of ['admin-token', 'pilotlight.db', 'ssh/w1_ed25519'])
    chmodSync(join(dataDir, 'state', secret), 0o600);
  const server = await startServer({ dataDir, env: { PILOTLIGHT_JOURNAL_DAYS: '3650' } });

  onTestFinished(server[Symbol.asyncDispose]);
  const script = await (await fetch(`${server.url}/ipxe?mac=525400d15c01`)).text();
  expect(script).toContain('installed from profiles/disk.json since 2026-11-30 17:38:40 UTC');
  expect(script).not.toContain('custom/lab/vmlinuz');

  // The token of before is the token.
  const authorization = `Bearer ${readFileSync(join(OLD, 'state/admin-token'), 'utf8').trim()}`;
  const machine = async (key: string): Promise<unknown> => {
    const answer = await fetch(`${server.url}/api/v1/machines/${key}`, { headers: { authorization } });
    expect([key, answer.status]).toEqual([key, 200]);
    return await answer.json();
  };
  // History, of machines that profiles name and of one that none does.
  expect(await machine('52:54:00:55:1c:ee')).toMatchObject({ row: { state: 'up', name: 'w1' } });
  expect(await machine('52:54:00:d1:5c:01')).toMatchObject({ row: { state: 'installed', name: 'd1' } });
  expect(await machine('52:54:00:00:00:99')).toMatchObject({ row: { state: 'unknown' } });
  expect(await (await fetch(`${server.url}/healthz`)).json()).toMatchObject({ status: 'ok' });

  const files = readdirSync(OLD, { recursive: true, encoding: 'utf8' }).filter((path) => isKept(join(OLD, path), path));
  expect(files.length).toBeGreaterThan(7);
  for (const file of files) expect(readFileSync(join(dataDir, file)), file).toEqual(readFileSync(join(OLD, file)));
  // The journal alone was brought up to date: its header, which is complete when the server is gone, holds its schema's number.
  await server[Symbol.asyncDispose]();
  expect(schemaOf(join(dataDir, 'state/pilotlight.db'))).toBe(MIGRATIONS.length);
  expect(schemaOf(join(OLD, 'state/pilotlight.db'))).toBeLessThan(MIGRATIONS.length);
  // Where nothing is built yet it is built first.
}, 180_000);

/** What no version may rewrite by starting. */
function isKept(path: string, relative: string): boolean {
  return statSync(path).isFile() && !/^state\/(?:pilotlight\.db|booted\.json)/.test(relative);
}

/** PRAGMA user_version, where SQLite keeps it: the server has the file open. */
function schemaOf(file: string): number {
  return readFileSync(file).readUInt32BE(60);
}
