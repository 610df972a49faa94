import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fetchTftp } from '../test/support/tftp-client.ts';
import { udpRelay } from '../test/support/udp-relay.ts';
import { compare, ratio, sampleFigures, type Contestant } from './compare.ts';
import { has, median, tempFolder, top, type Bench, type Figure, type Run } from './harness.ts';
import { profileWords } from './profile.ts';
import { buildServer, freePort, startProgram, type Running } from './programs.ts';

const ROUNDS = 5;
const BIG = 64;
const CROWD = 50;
/** As on a host without the native room. */
const WITHOUT = 'ours without native';
const CPU = { unit: 'CPU s/GB', scale: 1 };

/** A TFTP server over the bench's folder; the first is ours. */
interface Server extends Contestant {
  readonly host: string;
  readonly port: number;
  readonly windows: boolean;
}

interface Candidate extends Omit<Server, 'cpu'> {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Ours, the whole built server with its journal, and Debian's. */
async function candidates(dir: string): Promise<readonly Candidate[]> {
  buildServer();
  const [hpa, atftpd] = [await freePort(), await freePort()];
  return [
    await pilotlight('ours', dir, {}),
    // Its data are its own, the images the same.
    await pilotlight(WITHOUT, join(dir, 'without'), {
      PILOTLIGHT_NATIVE: 'off',
      PILOTLIGHT_IMAGES_DIR: join(dir, 'images'),
    }),
    {
      ...{ name: 'in.tftpd', host: '127.0.0.1', port: hpa, windows: false },
      command: 'in.tftpd',
      args: ['--foreground', '--address', `127.0.0.1:${hpa}`, '--secure', dir],
    },
    {
      // Its TFTP has no setting for the port, hence an address of its own.
      ...{ name: 'dnsmasq', host: '127.0.0.69', port: 69, windows: false },
      command: 'dnsmasq',
      args: [
        ...['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--pid-file='],
        ...['--listen-address=127.0.0.69', '--bind-interfaces', '--log-facility=/dev/null'],
        ...['--enable-tftp', `--tftp-root=${dir}`, '--tftp-max=500'],
      ],
    },
    {
      ...{ name: 'atftpd', host: '127.0.0.1', port: atftpd, windows: true },
      command: 'atftpd',
      args: [
        ...['--daemon', '--no-fork', '--user', 'root', '--group', 'root', '--bind-address', '127.0.0.1'],
        ...['--port', String(atftpd), '--maxthread', '500', '--verbose=0', dir],
      ],
    },
  ];
}

async function pilotlight(name: string, dir: string, env: NodeJS.ProcessEnv): Promise<Candidate> {
  const [port, http] = [await freePort(), await freePort()];
  return {
    ...{ name, host: '127.0.0.1', port, windows: true },
    command: process.execPath,
    args: [...profileWords(), join(top, 'dist', 'main.js'), 'serve'],
    env: {
      PILOTLIGHT_DATA_DIR: dir,
      PILOTLIGHT_HTTP_LISTEN: `127.0.0.1:${http}`,
      PILOTLIGHT_TFTP_LISTEN: `127.0.0.1:${port}`,
      PILOTLIGHT_TFTP_IMAGES: 'on',
      // All of the bench's clients have one address.
      PILOTLIGHT_TFTP_PER_ADDRESS: '256',
      PILOTLIGHT_SYNC: 'off',
      ...env,
    },
  };
}

async function answers({ host, port }: Candidate): Promise<boolean> {
  return await fetchTftp(port, 'images/small', { address: host, askAgainMs: 100 }).then(
    () => true,
    () => false,
  );
}

/** One bunch of clients at once, with blocks of 1468 bytes. */
interface Case {
  readonly title: string;
  readonly file: string;
  readonly mebibytes: number;
  readonly window: number;
  readonly clients: number;
  /** What the issue wants of a rate: ours to a peer's. */
  readonly want: Readonly<Record<string, Figure['goal']>>;
}

const CASES: readonly Case[] = [
  {
    ...{ title: 'window 1', file: 'images/big', mebibytes: BIG, window: 1, clients: 1 },
    want: { 'in.tftpd': '>= 0.8', atftpd: undefined, dnsmasq: undefined },
  },
  {
    ...{ title: 'window 16', file: 'images/big', mebibytes: BIG, window: 16, clients: 1 },
    want: { atftpd: '>= 2.5' },
  },
  {
    ...{ title: `${CROWD} clients, 2 MiB each`, file: 'images/two', mebibytes: 2, window: 1, clients: CROWD },
    want: { 'in.tftpd': '>= 1.1', atftpd: '>= 1.1', dnsmasq: undefined },
  },
];

/** atftp is slower than the best of the servers; what these cost beside the rate is not hidden by it. */
async function fetched(
  at: { readonly host: string; readonly port: number },
  { file, mebibytes, window, clients }: Omit<Case, 'title' | 'want'>,
): Promise<Run> {
  const options = ['--option', 'blksize 1468', ...(window === 1 ? [] : ['--option', `windowsize ${window}`])];
  const args = [...options, '-g', '-r', file, '-l', '/dev/null', at.host, String(at.port)];
  const began = performance.now();
  const children = Array.from({ length: clients }, () => spawn('atftp', args, { stdio: 'ignore' }));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  if (codes.some((code) => code !== 0)) throw new Error(`atftp failed at ${at.host}:${at.port}`);
  return { units: (clients * mebibytes * 2 ** 20) / 1e9, seconds: (performance.now() - began) / 1000 };
}

async function compared(here: readonly Server[]): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const one of CASES) {
    const able = here.filter(({ windows }) => windows || one.window === 1);
    const samples = await compare(able, ROUNDS, async (server) => fetched(server, one));
    figures.push(...sampleFigures(one.title, samples, 'GB/s', CPU));
    for (const [peer, goal] of Object.entries(one.want)) {
      if (!samples.has(peer)) continue;
      const value = ratio(samples, 'ours', peer, 'rate');
      figures.push(
        { what: `${one.title}: ours / ${peer}`, value, unit: 'x', ...(goal && { goal }) },
        { what: `${one.title}: CPU of a GB, ours / ${peer}`, value: ratio(samples, 'ours', peer, 'cpu'), unit: 'x' },
      );
    }
  }
  return figures;
}

/** One client behind 5 ms: what a window gains there. */
async function roundTrip(port: number): Promise<readonly Figure[]> {
  const relay = await udpRelay(port, { random: Math.random, delay: [2.5, 2.5] });
  try {
    const at = { host: '127.0.0.1', port: relay.port };
    const rate = async (window: number): Promise<number> => {
      const rates: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const { units, seconds } = await fetched(at, { file: 'images/two', mebibytes: 2, window, clients: 1 });
        rates.push((units * 1000) / seconds);
      }
      return median(rates);
    };
    const lockStep = await rate(1);
    const window = await rate(16);
    return [
      { what: '5 ms round trip, lock-step', value: lockStep, unit: 'MB/s' },
      { what: '5 ms round trip, window 16', value: window, unit: 'MB/s' },
      { what: '5 ms round trip, window 16 / lock-step', value: window / lockStep, unit: 'x', goal: '>= 8' },
    ];
  } finally {
    relay.close();
  }
}

/** Against Debian's TFTP servers over the same folder, in turn, blocks of 1468 bytes. */
export const tftp: Bench = {
  name: 'TFTP, blksize 1468',
  missing: () => (has('atftp') ? undefined : 'no atftp (apt install atftp)'),
  async run() {
    process.env['PATH'] = [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter);
    using folder = tempFolder({
      'images/big': randomBytes(BIG * 2 ** 20),
      'images/two': randomBytes(2 * 2 ** 20),
      'images/small': 'pilotlight',
      'without/profiles/p.json': '{}',
    });
    // in.tftpd reads as the user none.
    chmodSync(folder.dir, 0o755);
    const here: (Server & Running)[] = [];
    const absent: string[] = [];
    const root = process.getuid?.() === 0;
    try {
      for (const one of await candidates(folder.dir)) {
        if (one.env === undefined && (!root || !has(one.command))) {
          // Debian's tftpd-hpa and atftpd cannot be installed together: unpack one of them below /usr/local.
          absent.push(`${one.name} (${root ? 'not installed' : 'needs root'})`);
          continue;
        }
        const env = { ...one.env };
        const running = await startProgram(one.command, one.args, { env, ready: async () => answers(one) });
        here.push({ ...running, ...one });
      }
      if (absent.length > 0) console.log(`\n  not compared with ${absent.join(', ')}`);
      return [...(await compared(here)), ...(await roundTrip(here[0]?.port ?? 0))];
    } finally {
      for (const server of here) await server[Symbol.asyncDispose]();
    }
  },
};
