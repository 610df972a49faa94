import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { has, tempFolder, top, type Bench, type Figure } from './harness.ts';
import { memory } from './programs.ts';
import type { Answering, PoweredOn } from './lan.ts';

const MACHINES = 1000;
const WITHIN_MS = 10_000;
const SERVER = '10.77.0.1';
/** A boot program of the size of undionly.kpxe. */
const PROGRAM = 75_000;
const names = { server: `plb-srv-${process.pid}`, machines: `plb-lan-${process.pid}` };

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Two network namespaces and a wire; every machine has an address of its own. Gone with what runs inside. */
function wire(): typeof names & Disposable {
  const down = (): void => {
    for (const name of Object.values(names)) spawnSync('ip', ['netns', 'del', name]);
  };
  try {
    for (const name of Object.values(names)) {
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    ip('-n', names.server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names.machines);
    ip('-n', names.server, 'addr', 'add', `${SERVER}/16`, 'dev', 'eth0');
    const add = (i: number): string => `addr add 10.77.${1 + Math.floor(i / 250)}.${1 + (i % 250)}/16 dev eth0`;
    const batch = Array.from({ length: MACHINES }, (_, i) => add(i)).join('\n');
    execFileSync('ip', ['-n', names.machines, '-batch', '-'], { input: `${batch}\n` });
    for (const name of Object.values(names)) {
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      // A socket without an address of its own broadcasts along the default route.
      ip('-n', name, 'route', 'add', 'default', 'dev', 'eth0');
    }
  } catch (error) {
    down();
    throw error;
  }
  return { ...names, [Symbol.dispose]: down };
}

function within(namespace: string, args: readonly string[]): readonly string[] {
  return ['netns', 'exec', namespace, process.execPath, ...args];
}

/** One of bench/lan.ts's runs. */
async function lan<T>(...args: readonly string[]): Promise<T> {
  const words = within(names.machines, ['--import', 'tsx', join(top, 'bench', 'lan.ts'), ...args]);
  const child = spawn('ip', words, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the machines of the LAN ended with ${String(code)}`);
  return JSON.parse(Buffer.concat(said).toString()) as T;
}

/** Seconds of processor time so far. */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function fleet(): Record<string, string> {
  const nodes = Array.from({ length: MACHINES }, (_, i) => ({
    name: `n${i}`,
    mac: `52:54:00:77:${(i >>> 8).toString(16).padStart(2, '0')}:${(i & 0xff).toString(16).padStart(2, '0')}`,
  }));
  return {
    'images/k': 'kernel',
    'images/i': 'initramfs',
    'configs/c.yml': '#cloud-config\n',
    'profiles/p.json': JSON.stringify({ system: 'custom', kernel: 'k', initrd: ['i'], cloud_config: 'c', nodes }),
  };
}

/** The built server in the namespace, all servers open. */
async function start(
  dir: string,
  firmware: string,
  namespace: string,
): Promise<{ readonly pid: number } & AsyncDisposable> {
  execFileSync(process.execPath, [join(top, 'scripts', 'build.mjs'), '--if-needed']);
  const child = spawn('ip', within(namespace, [join(top, 'dist', 'main.js'), 'serve']), {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      PILOTLIGHT_DATA_DIR: dir,
      PILOTLIGHT_FIRMWARE_DIR: firmware,
      PILOTLIGHT_HTTP_LISTEN: `${SERVER}:4777`,
      PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69',
      PILOTLIGHT_DHCP: 'proxy',
      PILOTLIGHT_SYNC: 'off',
      PILOTLIGHT_LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (said.length < 100_000) said += chunk.toString();
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exit;
  };
  while (!said.includes('pilotlight serves')) {
    if (child.exitCode !== null) throw new Error(`the server ended:\n${said}`);
    await wait(20);
  }
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
}

/** The whole server on a LAN of its own: how fast it answers, and whether a power cut's aftermath is too much. */
export const dhcp: Bench = {
  name: 'a LAN of machines: DHCP, TFTP, HTTP',
  missing: () => (process.getuid?.() === 0 && has('ip') ? undefined : 'needs root and ip (apt install iproute2)'),
  async run() {
    using folder = tempFolder(fleet());
    const firmware = join(folder.dir, 'boot-programs');
    mkdirSync(firmware);
    writeFileSync(join(firmware, 'undionly.kpxe'), randomBytes(PROGRAM));
    using lanes = wire();
    await using server = await start(folder.dir, firmware, lanes.server);
    await lan('answering', '200', '1', '200');
    const figures: Figure[] = [];

    const before = cpu(server.pid);
    const steady = await lan<Answering>('answering', '2000', '5', '500');
    figures.push(
      {
        what: '2,000 DISCOVERs/s for 5 s: answered',
        value: (100 * steady.answered) / steady.asked,
        unit: '%',
        goal: '>= 99',
      },
      { what: '2,000 DISCOVERs/s: median', value: steady.p50, unit: 'ms' },
      { what: '2,000 DISCOVERs/s: p99', value: steady.p99, unit: 'ms', goal: '<= 20' },
      { what: '2,000 DISCOVERs/s: processor', value: (cpu(server.pid) - before) / 5, unit: 'cores' },
    );

    const calm = memory(server.pid).now;
    const atFlood = cpu(server.pid);
    const flood = await lan<Answering>('answering', '5000', '5', '500');
    figures.push(
      { what: '5,000 DISCOVERs/s of 500 machines: answered', value: flood.answered / 5, unit: '/s', goal: '<= 2400' },
      { what: '5,000 DISCOVERs/s: processor', value: (cpu(server.pid) - atFlood) / 5, unit: 'cores', goal: '<= 1' },
      { what: '5,000 DISCOVERs/s: memory gained', value: memory(server.pid).now - calm, unit: 'MiB', goal: '<= 64' },
    );

    const on = await lan<PoweredOn>('power-on', String(MACHINES), String(WITHIN_MS));
    figures.push(
      { what: '1,000 machines on within 10 s: reached their script', value: on.reached, unit: '', goal: '>= 1000' },
      { what: 'questions answered twice', value: on.twice, unit: '', goal: '<= 0' },
      { what: 'questions asked again', value: on.asksAgain, unit: '' },
      { what: 'power-on to script, median', value: on.p50, unit: 's' },
      { what: 'power-on to script, last', value: on.last, unit: 's' },
    );
    return figures;
  },
};
