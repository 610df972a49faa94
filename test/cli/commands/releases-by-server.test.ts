import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { underLock } from '../../../src/releases/sync-runner.ts';
import { runAt } from '../../support/cli-setup.ts';
import type { CliRun } from '../../support/run-cli.ts';
import { addFiles, makeFolder } from '../../support/folder.ts';
import { serveChild } from '../../support/served.ts';
import { FLATCAR_PROFILE } from '../../support/sync-setup.ts';

// rollback, --pin, --unpin and prune beside a real server: it does them, and says so in its log.

const patient = { timeout: 60_000, interval: 50 };
const FILE = 'flatcar_production_pxe';

function release(version: string): Readonly<Record<string, string | object>> {
  const at = `images/flatcar/amd64/${version}`;
  return {
    [`${at}/${FILE}.vmlinuz`]: 'k',
    [`${at}/${FILE}_image.cpio.gz`]: 'i',
    [`${at}/.pilotlight.json`]: { system: 'flatcar', channel: 'stable', arch: 'amd64', version, files: {} },
  };
}

async function beside() {
  const dir = makeFolder({
    'profiles/seed.json': FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5'),
    ...release('4593.2.5'),
    ...release('4500.2.0'),
    ...release('4400.2.0'),
    ...release('4300.2.0'),
  });
  const server = serveChild(dir);
  await server.port;
  const cli = async (...words: readonly string[]): Promise<CliRun> => runAt(dir, [...words, '--data-dir', dir]);
  const logged = async (text: string): Promise<void> => {
    await vi.waitFor(() => {
      expect(server.said()).toContain(text);
    }, patient);
  };
  return { dir, cli, logged, server };
}

describe('beside a server', { timeout: 180_000 }, () => {
  it('it rolls back, pins, unpins and cleans up, in the words of the commands', async () => {
    const { dir, cli, logged } = await beside();
    expect(await cli('rollback', 'seed')).toEqual({
      code: 0,
      stdout: 'seed: 4593.2.5 -> 4500.2.0, until something newer than 4593.2.5 is published\n',
      stderr: '',
    });
    await logged('"msg":"a profile was rolled back by an operator"');
    expect((await cli('rollback', 'seed', '4593.2.5', '--json')).stdout).toBe(
      '{"profile":"seed","from":"4500.2.0","to":"4593.2.5","heldAbove":"4593.2.5"}\n',
    );
    expect(await cli('rollback', 'sed')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'pilotlight rollback: there is no profile "sed" (did you mean "seed"?)\n',
    });
    expect((await cli('rollback', 'seed', '1.2.3')).code).toBe(1);
    expect((await cli('rollback', 'seed', '../x')).code).toBe(2);

    expect(await cli('sync', '--pin', 'seed')).toEqual({
      code: 0,
      stdout: 'seed keeps 4593.2.5 until `pilotlight sync --unpin seed`\n',
      stderr: '',
    });
    await logged('"change":"pin"');
    expect((await cli('sync', '--unpin', 'seed')).stdout).toBe('seed follows its channel again\n');
    await logged('"change":"unpin"');

    expect((await cli('images', 'prune', '--keep-releases', '3')).stdout).toMatch(
      /^removed images\/flatcar\/amd64\/4300\.2\.0 \(.*\)\n$/,
    );
    await logged('"msg":"an operator removed the releases that are not needed"');
    expect(JSON.parse((await cli('images', 'prune', '--json')).stdout)).toMatchObject({
      kind: 'removed',
      shelf: 'flatcar/amd64/4400.2.0',
    });
    expect(existsSync(join(dir, 'images/flatcar/amd64/4500.2.0'))).toBe(true);
  });

  it('a sync is in the way: 75, and who it is', async () => {
    const { dir, cli } = await beside();
    const words = [
      ['rollback', 'seed'],
      ['sync', '--pin', 'seed'],
      ['images', 'prune'],
    ] as const;
    await underLock(await openDataRoot(dir), 'an import', async () => {
      for (const one of words) {
        expect(await cli(...one)).toMatchObject({
          code: 75,
          stderr: expect.stringMatching(
            /^pilotlight: an import is running already, [^()]* \(wait until it has ended\)\n$/,
          ) as string,
        });
      }
    });
  });

  it('a token that may not be read: nothing is done behind the back of the server', async () => {
    const { dir, cli } = await beside();
    addFiles(dir, { 'state/admin-token': '' });
    const { code, stderr } = await cli('rollback', 'seed');
    expect(code).toBe(1);
    expect(stderr).toContain('state/admin-token');
    expect(readFileSync(join(dir, 'profiles/seed.json'), 'utf8')).toContain('"4593.2.5"');
  });
});
