import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { auditRelease } from '../../src/releases/retain.ts';
import { FLATCAR_PROFILE, makeSetup, type SyncSetup } from '../support/sync-setup.ts';
import { serveFlatcar } from '../support/upstream-releases.ts';

const ENTRY = fileURLToPath(new URL('../support/sync-crash.ts', import.meta.url));
const KEEP = ['--keep-releases', '1'];

async function killedAt(setup: SyncSetup, point: string): Promise<void> {
  const args = ['--import', 'tsx', ENTRY, 'sync', ...KEEP, ...setup.flags];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', CRASH: point },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = (await once(child, 'exit')) as [number | null, string | null];
  // A point that is never reached would make the test prove nothing.
  expect(ended, said).toEqual([null, 'SIGKILL']);
}

/** What a node is told to boot is published, whole and verified; gives its version. */
async function expectBootable(setup: SyncSetup): Promise<string> {
  const version = String(setup.version('seed'));
  const files = await auditRelease(await openDataRoot(setup.dir), `flatcar/amd64/${version}`);
  expect(files.map(({ state }) => state)).toEqual(['good', 'good', 'good', 'good']);
  return version;
}

describe('kill -9', () => {
  it.each([
    ['before it holds the lock', 'fs.link 1 before sync.lock', '4152.2.0'],
    ['before the draft is made', 'fs.mkdir 1 before .drafts', '4152.2.0'],
    ['in the middle of a file', 'handle.write 3 after', '4152.2.0'],
    ['before the first verified file is placed', 'fs.rename 1 before /release/', '4152.2.0'],
    ['before the manifest is written', 'fs.writeFile 1 before .pilotlight.json', '4152.2.0'],
    ['before the release appears', 'fs.rename 1 before images/flatcar/amd64/4593.2.5', '4152.2.0'],
    ['after the release appeared', 'fs.rename 1 after images/flatcar/amd64/4593.2.5', '4152.2.0'],
    ['before the profile is rewritten', 'sync.renameSync 1 before profiles/seed.json', '4152.2.0'],
    ['after the profile is rewritten', 'sync.renameSync 1 after profiles/seed.json', '4593.2.5'],
    ['before it is remembered', 'fs.rename 1 before state/sync.json', '4593.2.5'],
    ['before the old release is taken away', 'fs.rename 1 before .drafts/removed', '4593.2.5'],
    ['while the old release is deleted', 'fs.rename 1 after .drafts/removed', '4593.2.5'],
  ])('%s: what is booted is whole, and the next run finishes', { timeout: 60_000 }, async (_, point, version) => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4152.2.0');
    await setup.sync();
    serveFlatcar(setup, '4593.2.5');

    await killedAt(setup, point);

    expect(await expectBootable(setup)).toBe(version);
    // The dead process still holds the lock in its file.
    const next = await setup.sync(...KEEP);
    expect([next.code, await expectBootable(setup)]).toEqual([0, '4593.2.5']);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE.replace('4152.2.0', '4593.2.5'));
    expect(setup.visible().every((path) => path.startsWith('flatcar/amd64/4593.2.5/'))).toBe(true);
  });
});
