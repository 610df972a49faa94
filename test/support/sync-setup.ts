import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SyncEvent, SyncReport } from '../../src/model/sync-event.ts';
import { makeFolder, type FolderFiles } from './folder.ts';
import { makeVendor, type Vendor } from './openpgp-vendor.ts';
import { type CliRun, runCli } from './run-cli.ts';
import { Upstream } from './upstream-server.ts';

/** A data directory, a publisher on the loopback whose key is pinned, and the command line between them. */
export interface SyncSetup {
  readonly dir: string;
  readonly upstream: Upstream;
  readonly vendor: Vendor;
  /** The flags that point every system at the publisher. */
  readonly flags: readonly string[];
  /** `pilotlight WORDS...` on this data directory. */
  cli(...words: readonly string[]): Promise<CliRun>;
  /** `pilotlight sync --json`: its events. */
  sync(
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly events: readonly SyncEvent[]; readonly report: SyncReport }>;
  read(path: string): string;
  version(profile: string): unknown;
  /** Every file below images/ that a server would serve. */
  visible(): readonly string[];
}

export const FLATCAR_PROFILE = `{
  "system": "flatcar",
  "channel": "stable",
  "version": "4152.2.0",
  "nodes": [{ "name": "a", "mac": "52:54:00:00:00:01" }]
}
`;

export async function makeSetup(files: FolderFiles = { 'profiles/seed.json': FLATCAR_PROFILE }): Promise<SyncSetup> {
  const dir = makeFolder(files);
  const vendor = makeVendor();
  const upstream = new Upstream();
  await upstream.start();
  onTestFinished(async () => {
    await upstream.stop();
  });
  mkdirSync(join(dir, 'state/keys'), { recursive: true });
  const systems = [
    ['flatcar', 'flatcar'],
    ['fedora-coreos', 'fcos'],
    ['coreos', 'coreos'],
    ['debian', 'debian'],
    ['ubuntu', 'ubuntu'],
    ['talos', 'talos'],
  ] as const;
  const flags = ['--data-dir', dir];
  for (const [system, path] of systems) {
    writeFileSync(join(dir, `state/keys/${system}.asc`), vendor.publicKey);
    flags.push(`--mirror-${system}`, upstream.url(`/${path}`), `--trust-${system}`, vendor.primary.fingerprint);
  }
  const cli = async (...words: readonly string[]): Promise<CliRun> => runCli([...words, ...flags]);
  const read = (path: string): string => readFileSync(join(dir, path), 'utf8');
  return {
    dir,
    upstream,
    vendor,
    flags,
    cli,
    read,
    async sync(...words) {
      const { code, stdout, stderr } = await cli('sync', '--json', ...words);
      const events = eventsOf(stdout);
      const last = events.at(-1);
      if (last?.kind !== 'done') throw new Error(`the sync gave ${code} and no report\n${stdout}${stderr}`);
      return { code, events, report: last.report };
    },
    version: (profile) => (JSON.parse(read(`profiles/${profile}.json`)) as { version?: unknown }).version,
    visible: () => visibleImages(dir),
  };
}

function eventsOf(stdout: string): readonly SyncEvent[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SyncEvent);
}

function visibleImages(dir: string): readonly string[] {
  const images = join(dir, 'images');
  return readdirSync(images, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(images.length + 1))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
}
