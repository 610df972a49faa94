import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fetchTftp } from '../support/tftp-client.ts';
import { folderSource } from '../support/tftp-files.ts';
import { content, serveTftp, until } from '../support/tftp-server.ts';

const CLIENTS = 200;
const FILE = content(2 ** 20);

it('200 clients at once, 1 MiB each from disk, within the default limits: all whole, nothing left open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tftp-crowd-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'file'), FILE);
  const source = folderSource(folder);
  const served = await serveTftp(source);
  onTestFinished(async () => served.stop());
  const { listening, port, log } = served;
  let most = 0;
  const fetches = Array.from({ length: CLIENTS }, async (_, i) => {
    // Ten on each address: half as firmware that knows windows, half as iPXE.
    const options = i % 2 === 0 ? 'blksize=1468 windowsize=16' : 'blksize=1432 tsize=0';
    const got = await fetchTftp(port, 'file', { options, from: `127.0.2.${1 + (i % 20)}`, askAgainMs: 500 });
    most = Math.max(most, listening.transfers());
    return got.bytes.equals(FILE);
  });
  const whole = await Promise.all(fetches);
  expect(whole.filter(Boolean).length).toBe(CLIENTS);
  expect(most).toBeGreaterThan(CLIENTS / 2);
  await until(() => listening.transfers() === 0 && source.openFiles() === 0);
  expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
}, 120_000);
