import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const top = join(import.meta.dirname, '..', '..');

/** The built product, running. */
export interface LabServer extends AsyncDisposable {
  /** As the host reaches it: http://127.0.0.1:PORT. */
  readonly url: string;
  /** As a machine on QEMU's user network reaches it: http://10.0.2.2:PORT. */
  readonly guestUrl: string;
  /** Everything it wrote to stdout and stderr so far. */
  log(): string;
}

interface ServerOptions {
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How an installed program is started; else what this checkout builds is. */
  readonly program?: readonly string[];
  /** Run on this host of a LAN (a network namespace), at this address and port. */
  readonly netns?: { readonly name: string; readonly address: string; readonly port: number };
}

/** Builds what is not built, starts `node dist/main.js serve` and waits until it answers. */
export async function startServer({ dataDir, env = {}, program, netns }: ServerOptions): Promise<LabServer> {
  if (program === undefined) build();
  const address = netns?.address ?? '127.0.0.1';
  const port = netns?.port ?? (await freePort());
  const inside = netns === undefined ? [] : ['ip', 'netns', 'exec', netns.name];
  const own = [process.execPath, join(top, 'dist', 'main.js'), 'serve'];
  const [command, args] = within(inside, program ?? own);
  const child = spawn(command, args, {
    cwd: dataDir,
    env: {
      PATH: process.env['PATH'] ?? '',
      PILOTLIGHT_DATA_DIR: dataDir,
      PILOTLIGHT_HTTP_LISTEN: `${address}:${port}`,
      // No test's server asks a publisher by itself.
      PILOTLIGHT_SYNC: 'off',
      // A test's server is alone on a host of a LAN; on this computer it stays on the loopback.
      ...(netns === undefined ? { PILOTLIGHT_TFTP_LISTEN: 'off' } : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const log = (): string => Buffer.concat(said).toString();
  const stop = async (): Promise<void> => {
    await stopChild(child);
  };
  const url = `http://${address}:${port}`;
  try {
    await answering(child, inside, `${url}/healthz`);
  } catch (error) {
    await stop();
    throw new Error(`the server did not start: ${String(error)}\n${log()}`, { cause: error });
  }
  return { url, guestUrl: `http://10.0.2.2:${port}`, log, [Symbol.asyncDispose]: stop };
}

let built = false;
export function build(): void {
  if (built) return;
  const result = spawnSync(process.execPath, [join(top, 'scripts', 'build.mjs'), '--if-needed'], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`the build failed:\n${result.stdout}${result.stderr}`);
  built = true;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

/** Asks until something answers, from inside the namespace where the server lives. */
async function answering(child: ChildProcess, inside: readonly string[], url: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended (${String(child.exitCode)})`);
    if (await answers(inside, url)) return;
    if (Date.now() > deadline) throw new Error('no answer within 20 s');
    await wait(50);
  }
}

async function answers(inside: readonly string[], url: string): Promise<boolean> {
  if (inside.length === 0) {
    return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      async (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
  }
  const script = 'fetch(process.argv[1]).then(() => 0, () => 1).then((code) => process.exit(code))';
  const [command, args] = within(inside, [process.execPath, '-e', script, url]);
  return spawnSync(command, args).status === 0;
}

/** A command, behind the words that enter a namespace. */
function within(inside: readonly string[], words: readonly string[]): [string, readonly string[]] {
  const [command = '', ...args] = [...inside, ...words];
  return [command, args];
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(cut);
}
