// Two network namespaces and a wire between them: the server's, and that of all machines of a LAN. Gone with what runs inside.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { has, top } from './harness.ts';
import { profileWords } from './profile.ts';
import { buildServer, startProgram, type Running } from './programs.ts';

export const SERVER = '10.77.0.1';
export const MACHINES = '10.77.0.2';
const LEASED = '10.77.16.0/20';
export const POOL = ['10.77.16.0', '10.77.31.255'] as const;
/** A boot program of the size of undionly.kpxe. */
const PROGRAM = 75_000;
const HTTP = 4777;

export interface Wire extends Disposable {
  readonly server: string;
  readonly machines: string;
}

export const noWire = (): string | undefined =>
  process.getuid?.() === 0 && has('ip') ? undefined : 'needs root and ip (apt install iproute2)';

let wires = 0;

/** Machines are all of 10.78.0.0/16: one route, where 10,000 addresses would overflow the kernel's table of neighbours. */
export function openWire(): Wire {
  const id = `${process.pid}-${(wires += 1)}`;
  const names = { server: `plb-srv-${id}`, machines: `plb-lan-${id}` };
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
    ip('-n', names.machines, 'addr', 'add', `${MACHINES}/16`, 'dev', 'eth0');
    for (const name of Object.values(names)) {
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      // A socket without an address of its own broadcasts along the default route.
      ip('-n', name, 'route', 'add', 'default', 'dev', 'eth0');
    }
    ip('-n', names.server, 'route', 'add', '10.78.0.0/16', 'via', MACHINES);
    // Those that our own DHCP server gives are of its network.
    for (const theirs of ['10.78.0.0/16', LEASED])
      ip('-n', names.machines, 'route', 'add', 'local', theirs, 'dev', 'eth0');
  } catch (error) {
    down();
    throw error;
  }
  return { ...names, [Symbol.dispose]: down };
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The built server at its end of the wire, all doors open; `dir` holds its data. */
export async function startOnWire(dir: string, wire: Wire, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  buildServer();
  const firmware = join(dir, 'boot-programs');
  mkdirSync(firmware, { recursive: true });
  writeFileSync(join(firmware, 'undionly.kpxe'), randomBytes(PROGRAM));
  return await startProgram(process.execPath, [...profileWords(), join(top, 'dist', 'main.js'), 'serve'], {
    cwd: dir,
    namespace: wire.server,
    env: {
      PILOTLIGHT_DATA_DIR: dir,
      PILOTLIGHT_FIRMWARE_DIR: firmware,
      PILOTLIGHT_HTTP_LISTEN: `${SERVER}:${HTTP}`,
      PILOTLIGHT_TFTP_LISTEN: '0.0.0.0:69',
      PILOTLIGHT_DHCP: 'proxy',
      PILOTLIGHT_SYNC: 'off',
      ...env,
    },
    ready: async () => {
      const words = [
        'netns',
        'exec',
        wire.machines,
        'curl',
        '-sf',
        '-o',
        '/dev/null',
        `http://${SERVER}:${HTTP}/healthz`,
      ];
      return spawnSync('ip', words).status === 0;
    },
  });
}

/** A script of this folder among the machines: its child, and what it prints as JSON. */
export function onLan<T>(
  wire: Wire,
  script: string,
  ...args: readonly string[]
): { readonly child: ChildProcess; readonly result: Promise<T> } {
  const words = [
    'netns',
    'exec',
    wire.machines,
    process.execPath,
    '--import',
    'tsx',
    join(top, 'bench', script),
    ...args,
  ];
  const child = spawn('ip', words, { cwd: top, stdio: ['pipe', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const result = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`${script} ended with ${String(code)}`);
    return JSON.parse(Buffer.concat(said).toString()) as T;
  });
  return { child, result };
}
