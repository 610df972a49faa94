// The catalog's own figures: loading machines, matching one, an edit until it is in force, a look at unchanged files, idleness.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type LivingCatalog, openCatalog } from '../src/catalog/catalog.ts';
import { type MachineFacts, parseLabel, parseMac } from '../src/model/machine.ts';
import { SILENT } from '../src/model/service.ts';
import { openDataRoot } from '../src/files/data-root.ts';
import { type Bench, type Figure, median } from './harness.ts';

// What an idle catalog costs is measured over two polls.
const IDLE_MS = 20_500;

/** What it is held against stands as `limit`. */
type Limited = Omit<Figure, 'goal'> & { readonly limit?: number };

const figures: Limited[] = [];

/** A fleet in so many files; every file has the same share of the machines. */
function makeFleet(files: number, machines: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
  for (const folder of ['profiles', 'configs', 'sshkeys']) mkdirSync(join(dir, folder));
  const share = machines / files;
  for (let file = 0; file < files; file += 1) {
    const nodes = Array.from({ length: share }, (_, i) => nodeOf(file * share + i));
    writeFileSync(join(dir, 'profiles', `p${file}.json`), JSON.stringify({ cloud_config: 'a', nodes }, null, 1));
  }
  writeFileSync(join(dir, 'configs', 'a.yml'), '#cloud-config\n');
  return dir;
}

function nodeOf(index: number): object {
  return { name: `node-${index}`, mac: macOf(index), ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` };
}

function macOf(index: number): string {
  const bytes = [index >> 16, (index >> 8) & 255, index & 255];
  return `52:54:00:${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

async function open(dir: string): Promise<LivingCatalog> {
  const inspector = { document: () => [], profile: () => [] };
  return openCatalog({ files: await openDataRoot(dir), inspector, log: SILENT });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function matchTime(catalog: LivingCatalog, machines: readonly MachineFacts[]): number {
  const snapshot = catalog.current();
  const begin = performance.now();
  let found = 0;
  for (const machine of machines) if (snapshot.match(machine) !== undefined) found += 1;
  const each = ((performance.now() - begin) * 1000) / machines.length;
  return found >= 0 ? each : Number.NaN;
}

async function editTime(catalog: LivingCatalog, dir: string, round: number): Promise<number> {
  const file = join(dir, 'profiles', 'edited.json');
  return timed(
    () =>
      new Promise<void>((resolve) => {
        const end = catalog.onChange((snapshot) => {
          if (snapshot.profiles.get('edited')?.root !== `v${round}`) return;
          end();
          resolve();
        });
        writeFileSync(file, JSON.stringify({ root: `v${round}` }));
      }),
  );
}

async function measure(files: number, machines: number, load: number): Promise<void> {
  const dir = makeFleet(files, machines);
  // The watchers of the catalog do not keep a program alive.
  const alive = setInterval(() => undefined, 60_000);
  const name = `${machines} machines in ${files === 1 ? 'one file' : `${files} files`}`;
  try {
    const loads: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const catalog = await open(dir);
      loads.push(await timed(() => catalog.start()));
      if (catalog.current().problems.length > 0) throw new TypeError('the fleet of the bench is broken');
      await catalog.stop(AbortSignal.abort());
    }
    figures.push({ what: `load ${name}`, value: median(loads), unit: 'ms', limit: load });
    const catalog = await open(dir);
    await catalog.start();
    const macs = Array.from({ length: machines }, (_, i) => ({ mac: parseMac(macOf((i * 7919) % machines)) }));
    const known = macs.flatMap(({ mac }) => (mac === undefined ? [] : [{ mac }]));
    const serial = parseLabel('CZC1234567');
    const strangers = Array.from({ length: machines }, () => (serial === undefined ? {} : { serial }));
    figures.push({ what: `match by mac, ${name}`, value: matchTime(catalog, known), unit: 'us', limit: 20 });
    figures.push({ what: `no match by serial, ${name}`, value: matchTime(catalog, strangers), unit: 'us', limit: 20 });
    const edits: number[] = [];
    for (let round = 0; round < 5; round += 1) edits.push(await editTime(catalog, dir, round));
    figures.push({ what: `an edit until it is in force, ${name}`, value: median(edits), unit: 'ms', limit: 1_000 });
    const looks: number[] = [];
    for (let round = 0; round < 5; round += 1) looks.push(await timed(() => catalog.refresh()));
    figures.push({ what: `a look at unchanged files, ${name}`, value: median(looks), unit: 'ms' });
    const cpu = process.cpuUsage();
    await wait(IDLE_MS);
    const { user, system } = process.cpuUsage(cpu);
    figures.push({ what: `idle, ${name}`, value: (user + system) / 10 / IDLE_MS, unit: '%', limit: 1 });
    figures.push({ what: `resident memory, ${name}`, value: process.memoryUsage().rss / 2 ** 20, unit: 'MiB' });
    await catalog.stop(AbortSignal.abort());
  } finally {
    clearInterval(alive);
    rmSync(dir, { recursive: true, force: true });
  }
}

export const catalog: Bench = {
  name: 'the catalog of large fleets',
  missing: () => undefined,
  async run() {
    await measure(1, 10_000, 2_000);
    await measure(1, 100_000, 5_000);
    await measure(10_000, 10_000, 5_000);
    return figures.map(({ limit, ...figure }) => ({ ...figure, ...(limit !== undefined && { goal: `<= ${limit}` }) }));
  },
};
