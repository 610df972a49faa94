import { openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { createServer } from '../../src/server/server.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { serveChild } from '../support/served.ts';

const PROFILE = { system: 'debian', version: '1', preseed: 'p.cfg', install: { disk: '/dev/sda' } };
const FILES = {
  'profiles/d.json': { ...PROFILE, nodes: [{ name: 'd', mac: '52:54:00:00:00:02' }] },
  'configs/p.cfg': 'd-i x string y\n',
  'images/debian/amd64/1/linux': 'k',
  'images/debian/amd64/1/initrd.gz': 'i',
};
const ASK = '/ipxe?mac=52:54:00:00:00:02&platform=efi';
const INSTALLER = /^kernel /m;

async function expectNoInstaller(url: string): Promise<void> {
  const script = await (await fetch(url + ASK)).text();
  expect(script).not.toMatch(INSTALLER);
  expect(script, 'why, on its screen').toContain('state/machines');
  const report = await fetch(`${url}/installed/52:54:00:00:00:02`, { method: 'POST' });
  expect([report.status, report.headers.get('retry-after')]).toEqual([503, '5']);
  const health = (await (await fetch(`${url}/healthz`)).json()) as { status: string; problems: { place: string }[] };
  expect(health.status).toBe('degraded');
  expect(health.problems.map(({ place }) => place)).toContain('state/machines');
}

test('case 01-state-unwritable-install: no installer and no report while a mark cannot be kept', async () => {
  const log = openSync(join(makeFolder(), 'log'), 'w');
  const settings = settingsFor(makeFolder({ ...FILES, 'state/machines': 'not a folder' }));
  const server = createServer(settings, { logFd: log });
  await server.start();
  await expectNoInstaller(`http://127.0.0.1:${String(server.address()?.port)}`);
  await server.stop(AbortSignal.timeout(1000));
});

test.runIf(process.getuid?.() === 0)(
  'case 01-state-unwritable-install: the same on a read-only file system, and after a restart',
  async () => {
    const dir = makeFolder(FILES);
    for (let start = 0; start < 2; start += 1) {
      const before = `mount --bind ${dir} ${dir} && mount -o remount,ro,bind ${dir}`;
      const served = serveChild(dir, { before });
      await expectNoInstaller(`http://127.0.0.1:${await served.port}`);
      expect(served.said()).toContain("a machine's mark cannot be written");
      served.child.kill('SIGKILL');
      await served.ended;
    }
  },
  120_000,
);

describe('killed in the middle of a hundred reports', () => {
  test('what was acknowledged is on the disk, and the journal shows the same after the restart', async () => {
    const macs = Array.from({ length: 100 }, (_, i) => `52:54:00:00:01:${i.toString(16).padStart(2, '0')}`);
    const nodes = macs.map((mac, i) => ({ name: `n${i}`, mac }));
    const dir = makeFolder({ ...FILES, 'profiles/d.json': { ...PROFILE, nodes } });
    const first = serveChild(dir);
    const url = `http://127.0.0.1:${await first.port}`;
    const scripts = await Promise.all(macs.map(async (mac) => (await fetch(`${url}/ipxe?mac=${mac}`)).text()));
    const tokens = scripts.map((script) => /token=(plt-[\w-]+)/.exec(script)?.[1] ?? '');
    const acknowledged = new Set<string>();
    const reports = macs.map(async (mac, i) => {
      const answer = await fetch(`${url}/installed/${mac}?token=${tokens[i] ?? ''}`, { method: 'POST' }).catch(
        () => undefined,
      );
      if (answer?.status === 200) acknowledged.add(mac);
      if (acknowledged.size === 50) first.child.kill('SIGKILL');
    });
    await Promise.all(reports);
    await first.ended;
    expect(acknowledged.size).toBeGreaterThanOrEqual(50);
    const kept = installedOnDisk(dir);
    for (const mac of acknowledged) expect(kept, 'acknowledged, and not on the disk').toContain(mac);

    const token = 'a-token-of-this-test-only';
    const second = serveChild(dir, { env: { PILOTLIGHT_ADMIN_TOKEN: token } });
    const again = `http://127.0.0.1:${await second.port}`;
    await vi.waitFor(
      async () => {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await fetch(`${again}/api/v1/machines?state=installed&limit=500`, { headers });
        const { machines } = (await answer.json()) as { machines: { key: string }[] };
        expect(machines.map(({ key }) => key).sort()).toEqual(installedOnDisk(dir).sort());
      },
      { timeout: 60_000, interval: 100 },
    );
    const script = await (await fetch(`${again}/ipxe?mac=${[...acknowledged][0] ?? ''}`)).text();
    expect(script).not.toMatch(INSTALLER);
  }, 180_000);
});

function installedOnDisk(dir: string): string[] {
  const folder = join(dir, 'state/machines');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { key: string; state: string })
    .flatMap(({ key, state }) => (state === 'installed' ? [key] : []));
}
