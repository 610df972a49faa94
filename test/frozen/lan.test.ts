// What DHCP and TFTP answered, byte for byte, when the app context was rebuilt (November 2026): see README.md.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { needs } from '../support/needs.ts';
import { isRecording, normalized, readSession, writeSession, type Step } from './transcript.ts';

const TOP = join(import.meta.dirname, '../..');
const TAG = `pf${process.pid.toString(36)}`;
const SERVER = '10.61.9.1';

async function replay(): Promise<void> {
  const dir = dataFolder();
  const [host, machine] = namespaces();
  const stop = await serve(host, dir);
  onTestFinished(stop);
  const client = spawn(
    'ip',
    [
      'netns',
      'exec',
      machine,
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      join(import.meta.dirname, 'lan-client.ts'),
      SERVER,
    ],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => {
    client.kill('SIGKILL');
  });
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const steps = readSession('lan.txt');
  const seen: Step[] = [];
  for (const { words } of steps) {
    client.stdin.write(`${JSON.stringify(stepOf(words))}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error(`no answer to: ${words}`);
    seen.push({ words, outcome: normalized(JSON.parse(line.value) as string, { dir }) });
  }
  if (isRecording(steps)) writeSession('lan.txt', seen);
  else expect(seen).toEqual(steps);
}

needs({ root: true, commands: ['ip'] }).describe('on a LAN of two namespaces', () => {
  it('answers DHCP and TFTP as it did: lan.txt', { timeout: 120_000 }, replay);
});

/** `tftp NAME OPTION=VALUE ...`, or `dhcp ADDRESS:PORT/HEX ...`, of which the last is answered. */
function stepOf(words: string): object {
  const [kind, first = '', ...rest] = words.split(' ');
  if (kind === 'tftp') return { kind, name: first, options: rest };
  const packets = [first, ...rest].map((text) => {
    const [place = '', hex] = text.split('/');
    const [to, port] = place.split(':');
    return { to, port: Number(port), hex };
  });
  return { kind, packets };
}

/** The lab's folder, and boot programs that are the same everywhere. */
function dataFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pilotlight-frozen-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  cpSync(join(import.meta.dirname, 'lab'), dir, { recursive: true });
  mkdirSync(join(dir, 'firmware'));
  for (const name of ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'])
    writeFileSync(join(dir, 'firmware', name), name.repeat(1000));
  return dir;
}

function namespaces(): readonly [string, string] {
  const [host, machine] = [`${TAG}h`, `${TAG}m`];
  const ip = (...args: string[]): void => {
    execFileSync('ip', args, { stdio: 'pipe' });
  };
  for (const namespace of [host, machine]) {
    ip('netns', 'add', namespace);
    onTestFinished(() => {
      ip('netns', 'del', namespace);
    });
  }
  ip('link', 'add', 'lan', 'netns', host, 'type', 'veth', 'peer', 'name', 'c0', 'netns', machine);
  ip('-n', host, 'addr', 'add', `${SERVER}/24`, 'dev', 'lan');
  ip('-n', machine, 'addr', 'add', '10.61.9.2/24', 'dev', 'c0');
  for (const [namespace, device] of [
    [host, 'lo'],
    [host, 'lan'],
    [machine, 'c0'],
  ] as const)
    ip('-n', namespace, 'link', 'set', device, 'up');
  ip('-n', machine, 'route', 'add', '255.255.255.255', 'dev', 'c0');
  return [host, machine];
}

async function serve(namespace: string, dir: string): Promise<() => void> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    PILOTLIGHT_DATA_DIR: dir,
    PILOTLIGHT_HTTP_LISTEN: `${SERVER}:4777`,
    PILOTLIGHT_TFTP_LISTEN: `${SERVER}:69`,
    PILOTLIGHT_DHCP: 'proxy',
    PILOTLIGHT_SYNC: 'off',
    PILOTLIGHT_FIRMWARE_DIR: join(dir, 'firmware'),
  };
  const args = ['netns', 'exec', namespace, process.execPath, '--import', import.meta.resolve('tsx')];
  const child = spawn('ip', [...args, join(TOP, 'src/main.ts'), 'serve'], {
    cwd: dir,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      said.push(chunk.toString());
      if (said.join('').includes('pilotlight serves')) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`the server ended: ${said.join('')}`));
    });
  });
  return () => {
    child.kill('SIGKILL');
  };
}
