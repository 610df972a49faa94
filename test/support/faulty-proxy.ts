import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Server = ChildProcessByStdio<Writable, Readable, null>;

/** What goes wrong, counted over the requests that reach the server. */
export interface NetworkFaults {
  /** Before (or, when odd, after) these requests are answered the server is killed with SIGKILL and started again. */
  readonly kills: readonly number[];
  /** Of the PUTs that the server takes, the answer to this one is lost. */
  readonly lostPut: number;
}

export interface FaultyProxy extends AsyncDisposable {
  /** What members are told to use. */
  readonly url: string;
  readonly killed: number;
  readonly lost: number;
}

const SERVE = join(import.meta.dirname, 'discovery-serve.ts');

/** The discovery server in a process of its own behind a proxy that makes the network faults. */
export async function startFaultyProxy(host: string, database: string, faults: NetworkFaults): Promise<FaultyProxy> {
  let target = '';
  let restarting: Promise<void> = Promise.resolve();
  let requests = 0;
  let puts = 0;
  const kills = faults.kills.toSorted((a, b) => a - b);
  let child: Server | undefined;
  let next: Server;
  const seen = { killed: 0, lost: 0 };

  function load(): Server {
    return spawn(process.execPath, ['--import', 'tsx', SERVE, host, database, url], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  async function start(): Promise<void> {
    const started = next;
    child = started;
    next = load();
    started.stdin.write('go\n');
    target = await new Promise<string>((resolve) => {
      started.stdout.once('data', (line: Buffer) => {
        resolve(line.toString().trim());
      });
    });
  }

  /** The server is away until its next process listens, as after a crash. */
  function kill(): void {
    seen.killed += 1;
    restarting = restarting.then(async () => {
      child?.kill('SIGKILL');
      target = '';
      await start();
    });
  }

  function onRequest(req: IncomingMessage, res: ServerResponse): void {
    if (target === '') {
      req.socket.destroy();
      return;
    }
    requests += 1;
    const doomed = requests >= (kills[0] ?? Infinity);
    if (doomed) kills.shift();
    if (doomed && requests % 2 === 0) {
      target = '';
      kill();
      req.socket.destroy();
      return;
    }
    let pending = doomed;
    const late = (): void => {
      if (pending) kill();
      pending = false;
    };
    const onward = request(`${target}${req.url ?? ''}`, {
      method: req.method ?? 'GET',
      headers: req.headers,
      agent: false,
    });
    onward.on('error', () => res.destroy());
    onward.on('response', (answer) => {
      const taken = req.method === 'PUT' && answer.statusCode === 201;
      if (taken) puts += 1;
      if (taken && puts === faults.lostPut) {
        seen.lost += 1;
        res.destroy();
      } else {
        res.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
        res.flushHeaders();
        answer.on('error', () => res.destroy());
        answer.pipe(res);
      }
      late();
    });
    res.on('close', () => {
      late();
      onward.destroy();
    });
    req.pipe(onward);
  }

  const server = createServer(onRequest);
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  next = load();
  await start();
  return {
    url,
    get killed() {
      return seen.killed;
    },
    get lost() {
      return seen.lost;
    },
    async [Symbol.asyncDispose]() {
      await restarting;
      child?.kill('SIGKILL');
      next.kill('SIGKILL');
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
