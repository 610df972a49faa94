import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** What it wrote to stderr so far. */
  log(): string;
}

interface SshdOptions {
  /** Of 127.0.0.0/8. */
  readonly address: string;
  /** The private key's file, as text. */
  readonly hostKey: string;
  /** Lines for authorized_keys. */
  readonly allowed: string;
}

const SSHD = '/usr/sbin/sshd';

/** Debian's sshd on a free port, with this host key and no other, for whoever runs the test. */
export async function startSshd({ address, hostKey, allowed }: SshdOptions): Promise<Sshd> {
  // sshd wants the folder where it locks itself in; Debian's unit makes it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const dir = mkdtempSync(join(tmpdir(), 'pilotlight-sshd-'));
  const port = await freePort(address);
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const config = [
    `ListenAddress ${address}`,
    `Port ${port}`,
    `HostKey ${file('host', hostKey)}`,
    `AuthorizedKeysFile ${file('allowed', allowed)}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
  ];
  const child = spawn(SSHD, ['-D', '-e', '-f', file('config', config.map((line) => `${line}\n`).join(''))], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server listening on')) resolve();
    });
    child.once('exit', (code) => {
      reject(new Error(`sshd ended (${String(code)}): ${said}`));
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  await ready.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port, log: () => said, [Symbol.asyncDispose]: stop };
}

interface SshRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command on a machine, without asking anybody anything. */
export function ssh(args: readonly string[]): SshRun {
  const { status, stdout, stderr } = spawnSync('ssh', ['-T', '-o', 'BatchMode=yes', ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

async function freePort(address: string): Promise<number> {
  const probe = createServer().listen(0, address);
  await once(probe, 'listening');
  const at = probe.address();
  probe.close();
  await once(probe, 'close');
  if (at === null || typeof at === 'string') throw new TypeError('no port');
  return at.port;
}
