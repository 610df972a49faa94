import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fetchTftp } from '../test/support/tftp-client.ts';
import { udpRelay } from '../test/support/udp-relay.ts';
import { freePort, has, median, tempFolder, top, type Bench, type Figure } from './harness.ts';

const ROUNDS = 5;
const BIG = 40;
const CROWD = 50;

/** A TFTP server over the bench's folder; ours is the first. */
interface Server extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly windows: boolean;
}

/** Ours and Debian's, those that are here; the others are named. */
async function servers(dir: string): Promise<{ readonly here: readonly Server[]; readonly absent: readonly string[] }> {
  const root = process.getuid?.() === 0;
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const candidates = [
    {
      name: 'pilotlight',
      command: process.execPath,
      host: '127.0.0.1',
      port: ports[2],
      windows: true,
      args: ['--import', 'tsx', join(top, 'bench', 'tftp-server.ts'), dir, String(ports[2])],
    },
    {
      name: 'tftpd-hpa',
      command: 'in.tftpd',
      host: '127.0.0.1',
      port: ports[0],
      windows: false,
      args: ['--foreground', '--address', `127.0.0.1:${ports[0]}`, '--secure', dir],
    },
    {
      // Its TFTP has no setting for the port, hence an address of its own.
      name: 'dnsmasq',
      command: 'dnsmasq',
      host: '127.0.0.69',
      port: 69,
      windows: false,
      args: [
        ...['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--pid-file='],
        ...['--listen-address=127.0.0.69', '--bind-interfaces', '--log-facility=/dev/null'],
        ...['--enable-tftp', `--tftp-root=${dir}`, '--tftp-max=500'],
      ],
    },
    {
      name: 'atftpd',
      command: 'atftpd',
      host: '127.0.0.1',
      port: ports[1],
      windows: true,
      args: [
        ...['--daemon', '--no-fork', '--user', 'root', '--group', 'root', '--bind-address', '127.0.0.1'],
        ...['--port', String(ports[1]), '--maxthread', '500', '--verbose=0', dir],
      ],
    },
  ];
  const here: Server[] = [];
  const absent: string[] = [];
  for (const { name, command, args, host, port, windows } of candidates) {
    if (name !== 'pilotlight' && (!root || !has(command))) {
      absent.push(`${name} (${root ? 'not installed' : 'needs root'})`);
      continue;
    }
    const child = spawn(command, args, { stdio: 'ignore', cwd: top });
    await answering(child, name, host, port);
    here.push({ name, host, port, windows, [Symbol.asyncDispose]: async () => killed(child) });
  }
  return { here, absent };
}

async function answering(child: ChildProcess, name: string, address: string, port: number): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    const answered = await fetchTftp(port, 'images/small', { address, askAgainMs: 100 }).then(
      () => true,
      () => false,
    );
    if (answered) return;
  }
  throw new Error(`${name} does not answer`);
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** Seconds until atftp, which is no slower than the servers, has fetched it `clients` times at once. */
async function fetched(at: { host: string; port: number }, file: string, window: number, clients = 1): Promise<number> {
  const options = ['--option', 'blksize 1468', ...(window === 1 ? [] : ['--option', `windowsize ${window}`])];
  const args = [...options, '-g', '-r', file, '-l', '/dev/null', at.host, String(at.port)];
  const began = performance.now();
  const children = Array.from({ length: clients }, () => spawn('atftp', args, { stdio: 'ignore' }));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  if (codes.some((code) => code !== 0)) throw new Error(`atftp failed at ${at.host}:${at.port}`);
  return (performance.now() - began) / 1000;
}

const CASES = [
  { title: 'one client, window 1', file: 'images/big', mebibytes: BIG, window: 1, clients: 1 },
  { title: 'one client, window 16', file: 'images/big', mebibytes: BIG, window: 16, clients: 1 },
  { title: `${CROWD} clients, 1 MiB each`, file: 'images/mib', mebibytes: CROWD, window: 1, clients: CROWD },
] as const;

/** What issue and peers ask for: ours against each of them, or against the best of them. */
function goals(rates: ReadonlyMap<string, readonly (readonly number[])[]>): readonly Figure[] {
  const ratio = (i: number, peer: string): number =>
    median((rates.get('pilotlight')?.[i] ?? []).map((rate, round) => rate / (rates.get(peer)?.[i]?.[round] ?? NaN)));
  const peers = [...rates.keys()].filter((name) => name !== 'pilotlight');
  const figures: Figure[] = peers.map((peer) => ({
    what: `window 1: ours / ${peer}`,
    value: ratio(0, peer),
    unit: 'x',
    goal: peer === 'atftpd' ? '>= 0.9' : '>= 2',
  }));
  if (peers.includes('atftpd')) {
    figures.push({ what: 'window 16: ours / atftpd', value: ratio(1, 'atftpd'), unit: 'x', goal: '>= 1' });
  }
  if (peers.length > 0) {
    const least = Math.min(...peers.map((peer) => ratio(2, peer)));
    figures.push({ what: `${CROWD} clients: ours / the fastest`, value: least, unit: 'x', goal: '>= 1.5' });
  }
  return figures;
}

/** One client behind 5 ms: what a window gains there. */
async function roundTrip(port: number): Promise<readonly Figure[]> {
  const relay = await udpRelay(port, { random: Math.random, delay: [2.5, 2.5] });
  try {
    const rate = async (window: number): Promise<number> => {
      const times: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        times.push(await fetched({ host: '127.0.0.1', port: relay.port }, 'images/mib', window));
      }
      return 1 / median(times);
    };
    const lockStep = await rate(1);
    const window = await rate(16);
    return [
      { what: '5 ms round trip, lock-step', value: lockStep, unit: 'MiB/s' },
      { what: '5 ms round trip, window 16', value: window, unit: 'MiB/s' },
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
      'images/mib': randomBytes(2 ** 20),
      'images/small': 'pilotlight',
    });
    // tftpd-hpa reads as the user nobody.
    chmodSync(folder.dir, 0o755);
    const { here, absent } = await servers(folder.dir);
    try {
      return [...(await compared(here, absent)), ...(await roundTrip(here[0]?.port ?? 0))];
    } finally {
      for (const server of here) await server[Symbol.asyncDispose]();
    }
  },
};

async function compared(here: readonly Server[], absent: readonly string[]): Promise<readonly Figure[]> {
  const rates = new Map(here.map(({ name }) => [name, CASES.map((): number[] => [])]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, { file, mebibytes, window, clients }] of CASES.entries()) {
      for (const server of here) {
        if (window > 1 && !server.windows) continue;
        rates.get(server.name)?.[i]?.push(mebibytes / (await fetched(server, file, window, clients)));
      }
    }
  }
  const figures: Figure[] = CASES.flatMap(({ title }, i) =>
    [...rates].flatMap(([name, values]) => {
      const value = median(values[i] ?? []);
      return Number.isNaN(value) ? [] : [{ what: `${title}: ${name}`, value, unit: 'MiB/s' }];
    }),
  );
  if (absent.length > 0) console.log(`\n  not compared with ${absent.join(', ')}`);
  return [...figures, ...goals(rates)];
}
