import { describe, expect, it, vi } from 'vitest';
import type { SyncEvent } from '../../../src/model/sync-event.ts';
import type { ReleasesView } from '../../../src/model/release-views.ts';
import { underLock } from '../../../src/releases/sync-runner.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { runAt } from '../../support/cli-setup.ts';
import { serveChild, type Served } from '../../support/served.ts';
import { makeSetup, type SyncSetup } from '../../support/sync-setup.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from '../../support/upstream-releases.ts';

// A real server over a fake publisher, and commands beside it: what they do is the server's doing.

const KERNEL = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;
const START_MS = 60_000;
const patient = { timeout: 60_000, interval: 50 };

async function served(setup: SyncSetup): Promise<Served> {
  const server = serveChild(setup.dir, {
    env: {
      PILOTLIGHT_MIRROR_FLATCAR: setup.upstream.url('/flatcar'),
      PILOTLIGHT_TRUST_FLATCAR: setup.vendor.primary.fingerprint,
    },
  });
  await server.port;
  return server;
}

async function releases(setup: SyncSetup, server: Served): Promise<ReleasesView> {
  const headers = { Authorization: `Bearer ${setup.read('state/admin-token').trim()}` };
  const answer = await fetch(`http://127.0.0.1:${await server.port}/api/v1/releases`, { headers });
  return (await answer.json()) as ReleasesView;
}

function gate(): { readonly fault: Parameters<SyncSetup['upstream']['fail']>[1]; readonly go: () => void } {
  let go: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (go = resolve));
  return {
    go,
    fault: (response, { body, etag }) => {
      response.writeHead(200, { 'content-length': body.length, etag });
      response.write(body.subarray(0, body.length / 4));
      opened.then(
        () => response.end(body.subarray(body.length / 4)),
        () => undefined,
      );
    },
  };
}

describe('pilotlight sync beside a server', { timeout: 3 * START_MS }, () => {
  it('the server runs it, its journal has it, and the command tells it to its end', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const server = await served(setup);

    const { code, stdout, stderr } = await runAt(setup.dir, ['sync', '--data-dir', setup.dir]);

    expect([code, stdout]).toEqual([
      0,
      'CHANNEL               VERSION   RESULT   PROFILES\n' +
        'flatcar/stable/amd64  4593.2.5  updated  seed\n' +
        '\nPROFILE  BEFORE    NOW\nseed     4152.2.0  4593.2.5\n',
    ]);
    expect(stderr).toContain('flatcar/stable/amd64: published images/flatcar/amd64/4593.2.5\n');
    expect(setup.version('seed')).toBe('4593.2.5');
    await vi.waitFor(async () => {
      expect((await releases(setup, server)).runs).toMatchObject([
        { failed: 0, endedAt: expect.any(Number) as number },
      ]);
    }, patient);
    await vi.waitFor(() => {
      expect(server.said()).toContain('"msg":"sync: published"');
    }, patient);

    // Older now, and only with the person's word; his flags are the server's matter.
    serveFlatcar(setup, '4500.2.0');
    const refused = await setup.cli('sync', '--json');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'a server runs here and syncs with its own settings: --mirror-coreos, --mirror-flatcar, ',
    );
    const events = refused.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SyncEvent);
    expect(events.at(0)?.kind).toBe('plan');
    expect(events.at(-1)).toMatchObject({ kind: 'done', report: { failed: 1 } });
    const back = await runAt(setup.dir, ['sync', '--allow-downgrade', '--data-dir', setup.dir]);
    expect([back.code, setup.version('seed')]).toEqual([0, '4500.2.0']);
  });

  it('another run is under way: 75; who stops watching leaves the run alone', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const server = await served(setup);
    const { fault, go } = gate();
    setup.upstream.fail(KERNEL, fault);
    const stop = new AbortController();
    let heard = '';
    const first = runAt(setup.dir, ['sync', '--json', '--data-dir', setup.dir], {
      stop: stop.signal,
      heard: (text) => (heard += text),
    });
    await vi.waitFor(() => {
      expect(heard).toContain('"kind":"download"');
    }, patient);

    const second = await runAt(setup.dir, ['sync', '--data-dir', setup.dir]);
    expect([second.code, second.stdout]).toEqual([75, '']);
    expect(second.stderr).toMatch(/^pilotlight: a sync of the server is running already, since 20\d\d-/);

    stop.abort();
    expect(await first).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no longer watched; the run goes on in the server') as string,
    });
    go();
    await vi.waitFor(() => {
      expect(setup.version('seed')).toBe('4593.2.5');
    }, patient);
    await vi.waitFor(async () => {
      expect((await releases(setup, server)).running).toBe(false);
    }, patient);
  });

  it('a command that works on the directory is in the way: 75, and who it is', async () => {
    const setup = await makeSetup();
    await served(setup);
    const done = await underLock(await openDataRoot(setup.dir), 'an import', async () =>
      runAt(setup.dir, ['sync', '--data-dir', setup.dir]),
    );
    expect(done).toMatchObject({
      value: {
        code: 75,
        stderr: expect.stringMatching(/^pilotlight: (?!pilotlight).*an import is running already[^\n]*\n$/) as string,
      },
    });
  });

  it('the server ends in the middle: the command says so', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const server = await served(setup);
    setup.upstream.fail(KERNEL, gate().fault);
    let heard = '';
    const run = runAt(setup.dir, ['sync', '--json', '--data-dir', setup.dir], { heard: (text) => (heard += text) });
    await vi.waitFor(() => {
      expect(heard).toContain('"kind":"download"');
    }, patient);
    server.child.kill('SIGTERM');
    const { code, stderr } = await run;
    expect(code).toBe(1);
    expect(stderr).toMatch(/the sync of the server ended early: |the server does not answer/);
    expect(setup.version('seed')).toBe('4152.2.0');
  });
});
