import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LookupFunction } from 'node:net';
import { SILENT } from '../../src/model/service.ts';
import type { SystemId } from '../../src/model/profile.ts';
import { type DataRoot, openDataRoot } from '../../src/files/data-root.ts';
import { diskSpace } from '../../src/releases/draft.ts';
import { LIMITS, type Limits, type ReleaseEvent, type ReleasePorts } from '../../src/releases/ports.ts';
import { at } from './openpgp-keys.ts';
import type { Vendor } from './openpgp-vendor.ts';
import type { Upstream } from './upstream-server.ts';

export const NOW = at('2026-08-20') * 1000;

/** No time that a busy machine may need: a test of a time that is over names its own. */
const PATIENT: Limits = {
  ...LIMITS,
  retries: 2,
  ceilings: { kernel: 1e6, initrd: 1e6, rootfs: 1e6, iso: 1e6, install: 1e6 },
};

export interface Bench {
  readonly dir: string;
  readonly root: DataRoot;
  readonly ports: ReleasePorts;
  readonly events: ReleaseEvent[];
  /** What was slept, in milliseconds: none really waits. */
  readonly waits: number[];
  /** The same with some parts replaced. */
  with(changes: {
    limits?: Partial<Limits>;
    now?: number;
    signal?: AbortSignal;
    configured?: readonly string[];
    lookup?: LookupFunction;
  }): ReleasePorts;
  /** Resolves when so many bytes of a file were written. */
  received(file: string, bytes: number): Promise<void>;
  /** Every file below images/ that a server would serve. */
  visible(): Promise<readonly string[]>;
  drafts(): Promise<readonly string[]>;
  trust(system: SystemId, vendor: Vendor): Promise<void>;
  remove(): Promise<void>;
}

/** An empty data directory, and everything that obtaining a release needs. */
export async function makeBench(...upstreams: readonly Upstream[]): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'pilotlight-releases-'));
  await mkdir(join(dir, 'images'));
  const root = await openDataRoot(dir);
  const events: ReleaseEvent[] = [];
  const waits: number[] = [];
  const waiting: { is: (event: ReleaseEvent) => boolean; done: () => void }[] = [];
  const clock = (now: number): ReleasePorts['network']['clock'] => ({
    now: () => now,
    random: () => 0,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  });
  const ports: ReleasePorts = {
    root,
    network: {
      limits: PATIENT,
      clock: clock(NOW),
      configured: new Set(upstreams.map(({ host }) => host)),
      lookup: nowhere,
      log: SILENT,
      signal: new AbortController().signal,
    },
    progress: (event) => {
      events.push(event);
      for (const one of waiting) if (one.is(event)) one.done();
    },
    space: diskSpace,
  };
  const visible = async (): Promise<readonly string[]> => {
    const all = await readdir(join(dir, 'images'), { recursive: true, withFileTypes: true });
    const files = all
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 8));
    return files.filter((path) => !path.split('/').some((part) => part.startsWith('.'))).sort();
  };
  return {
    dir,
    root,
    ports,
    events,
    waits,
    with: (changes) => ({
      ...ports,
      network: {
        ...ports.network,
        limits: { ...PATIENT, ...changes.limits },
        ...(changes.now === undefined ? {} : { clock: clock(changes.now) }),
        ...(changes.signal === undefined ? {} : { signal: changes.signal }),
        ...(changes.configured === undefined ? {} : { configured: new Set(changes.configured) }),
        ...(changes.lookup === undefined ? {} : { lookup: changes.lookup }),
      },
    }),
    async received(file, bytes) {
      const is = (event: ReleaseEvent): boolean =>
        event.kind === 'download' && event.file === file && event.received >= bytes;
      if (!events.some(is)) await new Promise<void>((done) => waiting.push({ is, done }));
    },
    visible,
    drafts: () => readdir(join(dir, 'images/.drafts')).catch(() => []),
    async trust(system, vendor) {
      await mkdir(join(dir, 'state/keys'), { recursive: true });
      await writeFile(join(dir, 'state/keys', `${system}.asc`), vendor.publicKey);
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** No test asks a real name server: names that it did not foresee do not exist. */
const nowhere: LookupFunction = (name, _options, callback) => {
  callback(Object.assign(new Error(`no name server in tests: ${name}`), { code: 'ENOTFOUND' }), '', 4);
};
