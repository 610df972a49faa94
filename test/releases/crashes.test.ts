import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditRelease } from '../../src/releases/retain.ts';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { type Bench, makeBench } from '../support/upstream-ports.ts';
import { serveFlatcar } from '../support/upstream-releases.ts';
import { runOnce } from '../support/upstream-run.ts';
import { Upstream } from '../support/upstream-server.ts';

const vendor = makeVendor();
const SHELF = 'flatcar/amd64/4593.2.5';
let upstream: Upstream;
let bench: Bench;

beforeEach(async () => {
  upstream = new Upstream();
  await upstream.start();
  bench = await makeBench(upstream);
  await bench.trust('flatcar', vendor);
  serveFlatcar({ upstream, vendor }, '4593.2.5');
});
afterEach(async () => {
  await upstream.stop();
  await bench.remove();
});

const ENTRY = fileURLToPath(new URL('../support/upstream-crash.ts', import.meta.url));

async function crash(...point: readonly string[]): Promise<void> {
  const args = ['--import', 'tsx', ENTRY, bench.dir, upstream.url('/flatcar'), vendor.primary.fingerprint, ...point];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  // A point that is never reached would make the test prove nothing.
  expect([code, signal], errors).toEqual([null, 'SIGKILL']);
}

describe('kill -9', () => {
  it.each([
    ['before the draft is made', ['fs.mkdir', '1', 'before', '.drafts']],
    ['before the first part is opened', ['fs.open', '1', 'before', '.part']],
    ['before the state of a part is in place', ['fs.rename', '1', 'before', '/parts/']],
    ['at the first write', ['handle.write', '1', 'before']],
    ['in the middle of the files', ['handle.write', '4', 'after']],
    ['before a whole part is on the disk', ['handle.sync', '3', 'before']],
    ['before the first verified file is placed', ['fs.rename', '1', 'before', '/release/']],
    ['between the two verified files', ['fs.rename', '1', 'after', '/release/']],
    ['before the manifest is written', ['fs.writeFile', '1', 'before', '.pilotlight.json']],
    ['after the manifest is written', ['fs.writeFile', '1', 'after', '.pilotlight.json']],
    ['before the folder appears', ['fs.rename', '1', 'before', `images/${SHELF}`]],
    ['after the folder appeared', ['fs.rename', '1', 'after', `images/${SHELF}`]],
    ['before the draft is gone', ['fs.rm', '1', 'before', '.drafts/flatcar']],
  ] as const)(
    '%s: nothing or the whole release is there, and the next run finishes',
    { timeout: 60_000 },
    async (_, point) => {
      await crash(...point);
      const visible = await bench.visible();
      expect([0, 4]).toContain(visible.length);
      if (visible.length > 0)
        expect((await auditRelease(bench.root, SHELF)).every(({ state }) => state === 'good')).toBe(true);
      // The dead process still holds the lock in its file.
      const next = await runOnce(bench.dir, upstream.url('/flatcar'), vendor.primary.fingerprint);
      expect(next.outcome).toBe(visible.length > 0 ? 'already' : 'published');
      expect(await bench.drafts()).toEqual([]);
      expect((await auditRelease(bench.root, SHELF)).map(({ state }) => state)).toEqual([
        'good',
        'good',
        'good',
        'good',
      ]);
    },
  );
});
