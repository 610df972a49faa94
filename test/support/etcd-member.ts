import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real etcd process. */
export interface EtcdMember extends AsyncDisposable {
  readonly name: string;
  readonly dataDir: string;
  /** Everything it has said, over all its starts. */
  log(): string;
  start(): void;
  /** Resolves with its exit code; starts from what is running now. */
  exited(): Promise<number | null>;
  running(): boolean;
  pid(): number | undefined;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when its log has this; rejects after `limit` milliseconds, or when it has exited without. */
  said(text: string | RegExp, limit?: number): Promise<void>;
}

export interface MemberOptions {
  readonly name: string;
  /** What it is started with, and nothing else but PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Kept after the end when given. */
  readonly dataDir?: string;
  /** Runs inside this network namespace. */
  readonly netns?: string;
}

export function etcdMember({ name, env = {}, args = [], dataDir: given, netns }: MemberOptions): EtcdMember {
  const dataDir = given ?? mkdtempSync(join(tmpdir(), 'pilotlight-etcd-'));
  const listeners = new Set<() => void>();
  let text = '';
  let child: ChildProcess | undefined;
  const alive = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    for (const listener of listeners) listener();
  };

  const member: EtcdMember = {
    name,
    dataDir,
    log: () => text,
    running: alive,
    pid: () => child?.pid,
    start() {
      const inside = netns === undefined ? [] : ['ip', 'netns', 'exec', netns];
      const [command = '', ...words] = [...inside, 'etcd', ...args];
      child = spawn(command, words, {
        env: { PATH: process.env['PATH'] ?? '', ETCD_DATA_DIR: dataDir, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.on('exit', () => {
        for (const listener of listeners) listener();
      });
    },
    async exited() {
      const running = child;
      if (running === undefined || !alive()) return running?.exitCode ?? null;
      return await new Promise((resolve) => running.once('close', resolve));
    },
    async kill(signal = 'SIGKILL') {
      const end = member.exited();
      child?.kill(signal);
      await end;
    },
    async said(wanted, limit = 120_000) {
      const has = (): boolean => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text));
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error): void => {
          clearTimeout(timer);
          listeners.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const look = (): void => {
          if (has()) done();
          else if (!alive()) done(new Error(`${name} has exited (${String(child?.exitCode)}):\n${text.slice(-2000)}`));
        };
        const timer = setTimeout(() => {
          done(new Error(`${name} did not say ${String(wanted)}:\n${text.slice(-2000)}`));
        }, limit);
        listeners.add(look);
        look();
      });
    },
    async [Symbol.asyncDispose]() {
      if (alive()) await member.kill();
      if (given === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return member;
}

/** The environment of one member at an address of its own, as docs/clusters.md has it. */
export function memberEnv(name: string, ip: string, more: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ETCD_NAME: name,
    ETCD_LISTEN_PEER_URLS: `http://${ip}:2380`,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: `http://${ip}:2380`,
    ETCD_LISTEN_CLIENT_URLS: `http://${ip}:2379`,
    ETCD_ADVERTISE_CLIENT_URLS: `http://${ip}:2379`,
    ...more,
  };
}
