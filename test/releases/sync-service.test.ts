import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openContext } from '../../src/context/app-context.ts';
import { SILENT } from '../../src/model/service.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import { createSyncService } from '../../src/releases/sync-service.ts';
import { createServer } from '../../src/server/server.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { recordLog } from '../support/http-server.ts';
import { FLATCAR_PROFILE, makeSetup, type SyncSetup } from '../support/sync-setup.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from '../support/upstream-releases.ts';
import type { Fault } from '../support/upstream-server.ts';

const KERNEL = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;

/** A server that follows the stand's publisher. */
async function serveSetup(setup: SyncSetup, schedule: string | undefined) {
  const fd = openSync(join(setup.dir, 'log'), 'w');
  const sync = {
    ...settingsFor(setup.dir).sync,
    schedule,
    mirrors: { flatcar: setup.upstream.url('/flatcar') },
    trust: { flatcar: [setup.vendor.primary.fingerprint] },
  };
  const server = createServer(settingsFor(setup.dir, { sync, logLevel: 'info' }), { logFd: fd });
  const stop = () => server.stop(AbortSignal.timeout(1000));
  onTestFinished(stop);
  await server.start();
  const url = `http://127.0.0.1:${String(server.address()?.port)}`;
  const script = async (): Promise<string> => (await fetch(`${url}/ipxe?mac=52:54:00:00:00:01`)).text();
  return { script, stop, log: () => readFileSync(join(setup.dir, 'log'), 'utf8') };
}

/** Sends a quarter, then waits for the test. */
function quarter(): { fault: Fault; go: () => void } {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const fault: Fault = (response, { body, etag }) => {
    response.writeHead(200, { 'content-length': body.length, etag });
    response.write(body.subarray(0, body.length / 4));
    gate.then(
      () => response.end(body.subarray(body.length / 4)),
      () => undefined,
    );
  };
  return { fault, go };
}

const patient = { timeout: 15_000, interval: 50 };

describe('the server and its sync', () => {
  it('an image is missing at start: it is fetched, the machine sees how far it is, and then boots it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const { fault, go } = quarter();
    setup.upstream.fail(KERNEL, fault);
    const { script, stop, log } = await serveSetup(setup, '17 4 * * *');
    await vi.waitFor(async () => {
      // A quarter of the kernel and all of the initramfs: 250,000 of 400,000 bytes.
      expect(await script()).toContain('The release sync fetches version 4593.2.5: 62 % of 391 KiB');
    }, patient);
    expect(await script()).toMatch(/^#!ipxe\n/);
    // A command line beside it.
    expect((await setup.cli('sync')).code).toBe(75);
    go();
    await vi.waitFor(async () => {
      expect(await script()).toContain('/images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz');
    }, patient);
    await stop();
    expect(log()).toContain('"msg":"sync: published"');
    expect(log()).toContain('"msg":"sync: a profile boots another version"');
  });

  it('what a command asks the server for is seen, too; off means that the server does nothing by itself', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const { fault, go } = quarter();
    setup.upstream.fail(KERNEL, fault);
    const { script, stop, log } = await serveSetup(setup, undefined);
    expect(await script()).toContain('Put it there, or change the version in the profile.');
    expect(setup.upstream.requests).toEqual([]);
    const running = setup.cli('sync');
    await vi.waitFor(async () => {
      expect(await script()).toContain('The release sync fetches version 4593.2.5');
    }, patient);
    go();
    expect((await running).code).toBe(0);
    await vi.waitFor(async () => {
      expect(await script()).toContain('/images/flatcar/amd64/4593.2.5/');
    }, patient);
    await stop();
    expect(log()).toContain('the release sync is off');
  });

  it('a failed run is told to the machine and to the log, and a profile that is saved later is looked at', async () => {
    const setup = await makeSetup({
      'profiles/seed.json': FLATCAR_PROFILE,
      'images/flatcar/amd64/4152.2.0/flatcar_production_pxe.vmlinuz': 'k',
      'images/flatcar/amd64/4152.2.0/flatcar_production_pxe_image.cpio.gz': 'i',
    });
    serveFlatcar(setup, '4593.2.5');
    setup.upstream.absent(KERNEL);
    const { script, stop, log } = await serveSetup(setup, '17 4 * * *');
    expect(await script()).toContain('4152.2.0/flatcar_production_pxe.vmlinuz');
    expect(setup.upstream.requests).toEqual([]);
    writeFileSync(join(setup.dir, 'profiles/seed.json'), FLATCAR_PROFILE.replace('4152.2.0', '4000.2.0'));
    await vi.waitFor(async () => {
      expect(await script()).toContain('The last release sync failed: ');
    }, patient);
    await stop();
    expect(log()).toContain('"msg":"sync: failed"');
  });

  it('a stop ends a run under way, without a mark on the shelf', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    setup.upstream.fail(KERNEL, quarter().fault);
    const { stop } = await serveSetup(setup, '17 4 * * *');
    await vi.waitFor(() => {
      expect(setup.upstream.count(`GET ${KERNEL}`)).toBe(1);
    }, patient);
    await stop();
    expect(setup.visible()).toEqual([]);
    expect(setup.read('profiles/seed.json')).toBe(FLATCAR_PROFILE);
    expect((await setup.cli('sync')).code).toBe(0);
  });

  it('what a machine boots is remembered, so that retention keeps it', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    await setup.cli('sync');
    const { script, stop } = await serveSetup(setup, undefined);
    expect(await script()).toContain('4593.2.5');
    await stop();
    expect(JSON.parse(setup.read('state/booted.json'))).toEqual({
      'flatcar/amd64/4593.2.5': expect.any(Number) as number,
    });
  });
});

it('a server that starts again still tells why the last run failed', async () => {
  const settings = settingsFor(makeFolder());
  const appContext = await openContext(settings, SILENT);
  const plan = {
    kind: 'plan',
    targets: [{ target: 't', system: 'flatcar', profiles: ['seed'] }],
    skipped: [],
  } as const;
  const steps = [plan, { kind: 'failed', target: 't', message: 'no route' } as const].map((event) => ({
    at: 500,
    event,
  }));
  const service = createSyncService({
    ...{ settings: { ...settings, sync: { ...settings.sync, schedule: undefined } }, appContext, log: SILENT },
    recorder: { sync: () => undefined },
    lastRun: () => Promise.resolve({ run: 500, endedAt: 600, failed: 1, steps }),
  });
  onTestFinished(() => service.stop(AbortSignal.timeout(1000)));
  await service.start();
  expect(service.progress.linesFor('seed')).toEqual(['The last release sync failed: no route']);
});

it('each step of a run is a line in the log and in the journal, but for how far a download is', async () => {
  const setup = await makeSetup();
  const { sync: set, ...settings } = settingsFor(setup.dir);
  const mirrors = { flatcar: setup.upstream.url('/flatcar') };
  const sync = { ...set, keepReleases: 1, mirrors, trust: { flatcar: [setup.vendor.primary.fingerprint] } };
  const log = recordLog();
  const recorded: SyncEvent[] = [];
  const run = async (): Promise<void> => {
    const appContext = await openContext(settingsFor(setup.dir), SILENT);
    const recorder = { sync: ({ event }: { readonly event: SyncEvent }) => recorded.push(event) };
    const before = recorded.length;
    const service = createSyncService({ appContext, log, recorder, settings: { ...settings, sync } });
    await service.start();
    expect(service.runNow()).toBe(true);
    await vi.waitFor(() => {
      expect(recorded.slice(before).at(-1)?.kind).toBe('done');
    }, patient);
    await service.stop(AbortSignal.timeout(1000));
  };
  let told = 0;
  // Files are fetched side by side: which is verified first is not said.
  const logged = (): readonly string[] => {
    const lines = log.lines.slice(told).map(({ level, message, fields }) => {
      const { file, shelf, profile, to, message: why } = fields as Readonly<Record<string, string | undefined>>;
      return [level, message, file ?? shelf ?? profile ?? why, to].filter((word) => word !== undefined).join(' ');
    });
    told = log.lines.length;
    return lines.sort();
  };
  const obtained = (version: string): readonly string[] => [
    'info the release sync is off',
    `info sync: found flatcar/amd64/${version}`,
    `info sync: verified ${FLATCAR.kernel}`,
    `info sync: verified ${FLATCAR.initrd}`,
    `info sync: published flatcar/amd64/${version}`,
    `info sync: a profile boots another version seed ${version}`,
  ];
  serveFlatcar(setup, '4593.2.5');
  await run();
  expect(logged()).toEqual(obtained('4593.2.5').toSorted());
  serveFlatcar(setup, '4600.2.0');
  await run();
  const removed = 'info sync: removed a release that nothing needs flatcar/amd64/4593.2.5';
  expect(logged()).toEqual([...obtained('4600.2.0'), removed].toSorted());
  setup.upstream.absent('/flatcar/stable/amd64-usr/current/version.txt');
  await run();
  expect(logged()).toEqual([
    'info the release sync is off',
    expect.stringMatching(/^warn sync: failed .* does not exist \(HTTP 404\)$/),
  ]);
  expect(recorded.filter(({ kind }) => kind === 'done')).toHaveLength(3);
  expect(recorded.map(({ kind }) => kind)).not.toContain('download');
});
