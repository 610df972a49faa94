// The lease server beside Kea and dnsmasq: perfdhcp asks each in turn, 1,000 machines over and over.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { compare, ratio, sampleFigures, type Contestant } from './compare.ts';
import { has, median, tempFolder, type Bench, type Figure, type Run } from './harness.ts';
import { startProgram, type Running } from './programs.ts';
import { MACHINES, noWire, openWire, POOL, SERVER, startOnWire, type Wire } from './wire.ts';

const ROUNDS = 3;
const SECONDS = 5;
const RATES = [1000, 2000, 4000] as const;

/** A DHCP server on a wire of its own, and what perfdhcp saw of each rate. */
interface LeaseServer extends Contestant {
  readonly wire: Wire;
  readonly delays: number[];
  readonly losses: number[];
}

function keaConfig(dir: string): string {
  const config = {
    Dhcp4: {
      // Without one it stops answering when nobody reads what it says.
      loggers: [{ name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: join(dir, 'kea.log') }] }],
      'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: true, name: join(dir, 'kea.csv') },
      'valid-lifetime': 3600,
      subnet4: [{ id: 1, subnet: '10.77.0.0/16', pools: [{ pool: POOL.join('-') }] }],
    },
  };
  const file = join(dir, 'kea.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** One exchange: it is there. */
function answers(wire: Wire): boolean {
  return /^received packets: 1$/m.test(perfdhcp(wire, ['-r', '10', '-n', '1', '-W', '500000']));
}

function perfdhcp(wire: Wire, words: readonly string[]): string {
  const args = ['netns', 'exec', wire.machines, 'perfdhcp', '-4', '-l', 'eth0', '-g', 'single', ...words, SERVER];
  return spawnSync('ip', args, { encoding: 'utf8' }).stdout;
}

const ready = (wire: Wire) => async (): Promise<boolean> => answers(wire);

async function start(name: string, dir: string, wire: Wire): Promise<Running> {
  const namespace = wire.server;
  if (name === 'Kea') {
    const env = { KEA_PIDFILE_DIR: dir, KEA_LOCKFILE_DIR: dir };
    return await startProgram('kea-dhcp4', ['-c', keaConfig(dir)], { namespace, env, ready: ready(wire) });
  }
  if (name === 'dnsmasq') {
    const words = [
      ...[
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--port=0',
        '--user=root',
        '--pid-file=',
        '--interface=eth0',
      ],
      ...['--log-facility=/dev/null', '--no-ping', '--dhcp-authoritative', '--dhcp-lease-max=5000', '--dhcp-script='],
      ...[`--dhcp-range=${POOL.join(',')},255.255.0.0,3600`, `--dhcp-leasefile=${join(dir, 'dnsmasq.leases')}`],
    ];
    return await startProgram('dnsmasq', words, { namespace, ready: ready(wire) });
  }
  const running = await startOnWire(dir, wire, {
    PILOTLIGHT_DHCP: 'server',
    // perfdhcp speaks as a relay.
    PILOTLIGHT_DHCP_RELAYS: MACHINES,
    PILOTLIGHT_DHCP_RANGE: POOL.join('-'),
    // As the others, which do not look either (--no-ping; Kea never does).
    PILOTLIGHT_DHCP_PROBE: 'off',
  });
  // It answers HTTP before it has looked for other DHCP servers.
  for (let tries = 0; !answers(wire); tries += 1) {
    if (tries === 60) throw new Error('our DHCP server does not answer');
  }
  return running;
}

/** Offers and acknowledgements that came within `SECONDS` and a second more. */
function ask(server: LeaseServer, rate: number): Run {
  const words = ['-r', String(rate), '-R', '1000', '-p', String(SECONDS), '-W', '1000000'];
  const said = perfdhcp(server.wire, words);
  const numbers = (what: string): readonly number[] =>
    [...said.matchAll(new RegExp(`^${what}: ([\\d.]+)`, 'gm'))].map(([, value]) => Number(value));
  const [sent = NaN] = numbers('sent packets');
  const [offers = NaN, acknowledged = NaN] = numbers('received packets');
  const [offerDelay = NaN, ackDelay = NaN] = numbers('avg delay');
  if (Number.isNaN(acknowledged)) throw new Error(`perfdhcp at ${server.name}: ${said}`);
  server.delays.push(offerDelay + ackDelay);
  server.losses.push((100 * (sent - acknowledged)) / sent);
  return { units: offers + acknowledged, seconds: SECONDS };
}

export const leases: Bench = {
  name: `leases: DISCOVER to ACK of 1,000 machines, ${SECONDS} s each`,
  missing: () => noWire() ?? (has('perfdhcp') ? undefined : 'no perfdhcp (apt install kea-admin)'),
  async run() {
    process.env['PATH'] = [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter);
    const opened: (AsyncDisposable | Disposable)[] = [];
    const servers: LeaseServer[] = [];
    try {
      for (const name of ['ours', 'Kea', 'dnsmasq']) {
        if (name !== 'ours' && !has(name === 'Kea' ? 'kea-dhcp4' : name)) {
          console.log(`\n  not compared with ${name}: not installed`);
          continue;
        }
        const folder = tempFolder();
        const wire = openWire();
        opened.push(folder, wire);
        const running = await start(name, folder.dir, wire);
        opened.push(running);
        servers.push({ ...running, name, wire, delays: [], losses: [] });
      }
      return await compared(servers);
    } finally {
      for (const one of opened.toReversed()) {
        if (Symbol.asyncDispose in one) await one[Symbol.asyncDispose]();
        else one[Symbol.dispose]();
      }
    }
  },
};

async function compared(servers: readonly LeaseServer[]): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const rate of RATES) {
    const what = `${rate.toLocaleString('en')}/s`;
    for (const { delays, losses } of servers) delays.length = losses.length = 0;
    const samples = await compare(servers, ROUNDS, (server) => ask(server, rate));
    figures.push(...sampleFigures(what, samples, 'answers/s', { unit: 'CPU us', scale: 1e6 }));
    for (const { name, delays, losses } of servers) {
      figures.push({ what: `${what}: ${name}, both answers`, value: median(delays), unit: 'ms on average' });
      figures.push({ what: `${what}: ${name}, not answered`, value: median(losses), unit: '%' });
      if (name !== 'ours') {
        const cpu = ratio(samples, 'ours', name, 'cpu');
        const cpuGoal = name === 'dnsmasq' ? ({ goal: '<= 1' } as const) : {};
        figures.push({ what: `${what}: CPU of an answer, ours / ${name}`, value: cpu, unit: 'x', ...cpuGoal });
        const value = ratio(samples, 'ours', name, 'rate');
        figures.push({ what: `${what}: answers/s, ours / ${name}`, value, unit: 'x', goal: '>= 1' });
      }
    }
  }
  return figures;
}
