// Ten minutes (`--seconds=60` for fewer) of all that a server does at once, with clients that hang up in the middle.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeVendor, type Vendor } from '../test/support/openpgp-vendor.ts';
import { fetchTftp, RawClient } from '../test/support/tftp-client.ts';
import { Connection } from './connection.ts';
import { has, median, tempFolder, top, type Bench, type Figure } from './harness.ts';
import { macOf } from './machine.ts';
import { descriptors, freePort, memory, startPilotlight } from './programs.ts';
import { publishRelease, startPublisher } from './publisher.ts';

const SECONDS = Number(/^--seconds=(\d+)$/m.exec(process.argv.join('\n'))?.[1] ?? 600);
const SYNC_EVERY_MS = Math.max(15_000, (SECONDS * 1000) / 20);
const IMAGE = 20 * 2 ** 20;
const MACHINES = 100;
const FILES = [
  ['flatcar_production_pxe.vmlinuz', 4_000_000],
  ['flatcar_production_pxe_image.cpio.gz', 30_000_000],
] as const;

const profile = (edit: number): string =>
  JSON.stringify({
    ...{ system: 'custom', kernel: 'k', initrd: ['i'], cloud_config: 'c', vars: { edit } },
    nodes: Array.from({ length: MACHINES }, (_, i) => ({ name: `n${i}`, mac: macOf(i) })),
  });

/** What each client does, again and again; the number is how many of them there are. */
function clients(port: number, tftp: number, dir: string): readonly (readonly [number, () => Promise<unknown>])[] {
  const some = (): string => macOf(Math.floor(Math.random() * MACHINES));
  const ask = async (method: string, ...paths: readonly string[]): Promise<void> => {
    await using http = await Connection.open('127.0.0.1', port, '127.0.0.1');
    for (const path of paths) await http.length(method, path);
  };
  let edit = 0;
  return [
    [4, async () => ask('GET', '/images/i')],
    [4, async () => hangUp(port)],
    [4, async () => ask('GET', `/ipxe?mac=${some()}&platform=efi`, `/configs/c.yml?mac=${some()}`).then(pause)],
    [1, async () => ask('POST', `/phone-home/${some()}`).then(pause)],
    [2, async () => fetchTftp(tftp, 'images/k', { options: 'blksize=1468', askAgainMs: 1000, silenceMs: 60_000 })],
    [2, async () => vanish(tftp).then(pause)],
    [
      1,
      async () => {
        writeFileSync(join(dir, 'profiles', 'p.json'), profile((edit += 1)));
        await wait(1000);
      },
    ],
  ];
}

const pause = async (): Promise<void> => wait(20);

/** A machine that is switched off within a download. */
async function hangUp(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const from = Math.floor(Math.random() * IMAGE);
  socket.write(`GET /images/i HTTP/1.1\r\nHost: x\r\nRange: bytes=${from}-\r\n\r\n`);
  await once(socket, 'data');
  await wait(Math.random() * 50);
  socket.destroy();
  await once(socket, 'close');
}

/** A client that asks, acknowledges nothing and is gone. */
async function vanish(tftp: number): Promise<void> {
  const client = await RawClient.open();
  client.request(tftp, 'images/i', 'blksize=1468');
  await client.next(5000);
  client.close();
}

/** Has the server fetch the release once more. */
async function syncAgain(dir: string): Promise<boolean> {
  rmSync(join(dir, 'images/flatcar'), { recursive: true, force: true });
  const words = [join(top, 'dist', 'main.js'), 'sync', '--data-dir', dir];
  const child = spawn(process.execPath, words, { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

function settings(tftp: number, publisher: string, vendor: Vendor): NodeJS.ProcessEnv {
  return {
    PILOTLIGHT_TFTP_LISTEN: `127.0.0.1:${tftp}`,
    PILOTLIGHT_TFTP_IMAGES: 'on',
    PILOTLIGHT_TFTP_PER_ADDRESS: '256',
    PILOTLIGHT_MIRROR_FLATCAR: `${publisher}/flatcar`,
    PILOTLIGHT_TRUST_FLATCAR: vendor.primary.fingerprint,
  };
}

export const soak: Bench = {
  name: `${SECONDS} s of images, scripts, TFTP, reports, hang-ups, an edit a second and syncs`,
  missing: () => (has('gpgv') ? undefined : 'no gpgv'),
  async run() {
    using source = tempFolder();
    const vendor = makeVendor('rsa');
    publishRelease(source.dir, vendor, FILES);
    await using publisher = await startPublisher(source.dir);
    using data = tempFolder({
      'images/k': Buffer.alloc(2 ** 20, 'kernel'),
      'images/i': Buffer.alloc(IMAGE, 'initrd'),
      'configs/c.yml.hbs': '#cloud-config\n# {{vars.edit}}\n',
      'profiles/p.json': profile(0),
      'profiles/flatcar.json': JSON.stringify({ system: 'flatcar', version: '1.2.3' }),
      'state/keys/flatcar.asc': vendor.publicKey,
    });
    const tftp = await freePort();
    await using server = await startPilotlight(data.dir, settings(tftp, publisher.url, vendor));
    const all = clients(Number(new URL(server.url).port), tftp, data.dir);
    for (const [, act] of all) await act();
    const base = await settled(server.pid);

    const until = performance.now() + SECONDS * 1000;
    const counts = { done: 0, syncs: 0 };
    const faults: string[] = [];
    const again = async (act: () => Promise<unknown>): Promise<void> => {
      while (performance.now() < until) {
        await act().then(
          () => (counts.done += 1),
          (error: unknown) => faults.push(String(error)),
        );
      }
    };
    const samples: number[] = [];
    await Promise.all([
      ...all.flatMap(([count, act]) => Array.from({ length: count }, async () => again(act))),
      again(async () => {
        if (!(await syncAgain(data.dir))) throw new Error('a sync failed');
        counts.syncs += 1;
        await wait(Math.max(0, Math.min(SYNC_EVERY_MS, until - performance.now())));
      }),
      again(async () => wait(1000, samples.push(memory(server.pid).now))),
    ]);
    for (const fault of faults.slice(0, 3)) console.log(`  ${fault}`);
    const half = samples.slice(samples.length / 2);
    const tenth = Math.ceil(half.length / 5);
    const [then, last] = [median(half.slice(0, tenth)), median(half.slice(-tenth))];
    const left = (await settled(server.pid, base)) - base;
    const figures: Figure[] = [
      { what: 'done', value: counts.done, unit: '' },
      { what: 'syncs among them', value: counts.syncs, unit: '', goal: '>= 2' },
      { what: 'faults', value: faults.length, unit: '', goal: '<= 0' },
      { what: 'memory at half time', value: then, unit: 'MiB' },
      { what: 'memory at the end / at half time', value: last / then, unit: 'x', goal: '<= 1.05' },
      { what: 'peak memory', value: memory(server.pid).peak, unit: 'MiB' },
      { what: 'descriptors more than before', value: left, unit: '', goal: '<= 0' },
    ];
    return figures;
  },
};

/** Descriptors when all is quiet: as soon as there are no more than `wanted`, or after a minute. */
async function settled(pid: number, wanted = -1): Promise<number> {
  let least = descriptors(pid);
  const end = performance.now() + (wanted < 0 ? 10_000 : 60_000);
  while (least > wanted && performance.now() < end) {
    await wait(500);
    least = Math.min(least, descriptors(pid));
  }
  return least;
}
