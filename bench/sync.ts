// A release of 400 MB from a server on the loopback: `pilotlight sync` against curl, sha512sum and gpgv on the same files.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { makeVendor, type Vendor } from '../test/support/openpgp-vendor.ts';
import { type Bench, type Figure, has, median, tempFolder, top } from './harness.ts';
import { startPilotlight } from './programs.ts';
import { publishRelease, RELEASE, startPublisher } from './publisher.ts';

const FILES = [
  ['flatcar_production_pxe.vmlinuz', 60_000_000],
  ['flatcar_production_pxe_image.cpio.gz', 340_000_000],
] as const;
const ROUNDS = 3;
// Not getrusage: its figure goes over from the process that started this one.
const TALLY =
  'data:text/javascript,import{readFileSync}from"node:fs";process.on("exit",()=>process.stderr.write(readFileSync("/proc/self/status","utf8")))';
export const sync: Bench = {
  name: 'release sync: 400 MB from the loopback',
  missing: () => {
    const lacking = ['curl', 'sha512sum', 'gpgv'].filter((command) => !has(command));
    return lacking.length === 0 ? undefined : `no ${lacking.join(', ')}`;
  },
  run,
};

async function run(): Promise<readonly Figure[]> {
  using source = tempFolder();
  const vendor = makeVendor('rsa');
  publishRelease(source.dir, vendor, FILES);
  await using upstream = await startPublisher(source.dir);
  using data = tempFolder({
    'profiles/a.json': JSON.stringify({ system: 'flatcar', version: '1.2.3' }),
    'state/keys/flatcar.asc': vendor.publicKey,
  });
  const ours: number[] = [];
  const theirs: number[] = [];
  let memory = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await byHand(upstream.url, source.dir));
    const one = await bySync(upstream.url, data.dir, vendor);
    ours.push(one.seconds);
    memory = Math.max(memory, one.memory);
  }
  const rates = await scriptRates(upstream.url, data.dir, vendor);
  return [
    { what: 'pilotlight sync', value: median(ours), unit: 's' },
    { what: 'curl + sha512sum + gpgv', value: median(theirs), unit: 's' },
    { what: 'ratio', value: median(ours) / median(theirs), unit: 'x', goal: '<= 1.3' },
    { what: 'peak memory of the sync', value: memory, unit: 'MB', goal: '<= 150' },
    { what: 'boot scripts, idle', value: rates.idle, unit: '/s' },
    { what: 'boot scripts while a sync runs', value: rates.busy, unit: '/s' },
    { what: 'of the idle rate', value: (rates.busy / rates.idle) * 100, unit: '%', goal: '>= 80' },
  ];
}

/** What a careful shell script does; seconds. */
async function byHand(url: string, source: string): Promise<number> {
  using work = tempFolder();
  const began = performance.now();
  for (const [name] of FILES) {
    for (const file of [name, `${name}.sig`, `${name}.DIGESTS`])
      await ran('curl', ['-sSf', '-o', join(work.dir, file), `${url}/${RELEASE}/${file}`]);
    await ran('sha512sum', [join(work.dir, name)]);
    const file = join(work.dir, name);
    await ran('gpgv', ['--keyring', join(source, 'pubring.gpg'), `${file}.sig`, file]);
  }
  spawnSync('sync', ['-f', work.dir]);
  return (performance.now() - began) / 1000;
}

async function bySync(url: string, dir: string, vendor: Vendor): Promise<{ seconds: number; memory: number }> {
  rmSync(join(dir, 'images/flatcar'), { recursive: true, force: true });
  const began = performance.now();
  const said = await ran(process.execPath, [
    '--import',
    TALLY,
    join(top, 'dist/main.js'),
    'sync',
    ...flags(url, dir, vendor),
  ]);
  const seconds = (performance.now() - began) / 1000;
  return { seconds, memory: (Number(/VmHWM:\s+(\d+) kB/.exec(said)?.[1]) * 1024) / 1e6 };
}

function flags(url: string, dir: string, vendor: Vendor): readonly string[] {
  return ['--data-dir', dir, '--mirror-flatcar', `${url}/flatcar`, '--trust-flatcar', vendor.primary.fingerprint];
}

/** Scripts a second of a server, alone and beside a sync on the same data. */
async function scriptRates(url: string, dir: string, vendor: Vendor): Promise<{ idle: number; busy: number }> {
  await using server = await startPilotlight(dir);
  const target = `${server.url}/?profile=a`;
  await rate(target, Promise.resolve(), 500);
  const idle = await rate(target, Promise.resolve(), 3000);
  const busy = await rate(target, bySync(url, dir, vendor), 0);
  return { idle, busy };
}

/** Asks over 16 connections until `work` is done, and at least so long. */
async function rate(url: string, work: Promise<unknown>, atLeastMs: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const began = performance.now();
  const state = { working: true, count: 0 };
  const ended = work.finally(() => {
    state.working = false;
  });
  const ask = async (): Promise<void> => {
    while (state.working || performance.now() - began < atLeastMs) {
      const request = get(url, { agent });
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
      response.resume();
      await once(response, 'end');
      state.count += 1;
    }
  };
  await Promise.all([ended, ...Array.from({ length: 16 }, ask)]);
  agent.destroy();
  return state.count / ((performance.now() - began) / 1000);
}

async function ran(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} gave ${String(code)}: ${said}`);
  return said;
}
