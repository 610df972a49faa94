import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { has, median, tempFolder, wrk, type Bench } from './harness.ts';
import { memory, startPilotlight } from './programs.ts';

const WATCHERS = 10_000;
const OF_ONE = 500;
const WOKEN = 64;
const ROUNDS = 5;

/** A member that waits: one socket, one request, nothing else of HTTP. */
async function wait(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${path}?recursive=true&wait=true&waitIndex=1000000000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}

/** Those that want the next registration. */
async function listen(port: number, path: string): Promise<Socket> {
  const list = await fetch(`http://127.0.0.1:${port}${path}`);
  const next = Number(list.headers.get('x-etcd-index')) + 1;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${path}?recursive=true&wait=true&waitIndex=${next} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}

async function register(url: string, n: number): Promise<void> {
  const peer = `http://10.0.0.${n}:2380`;
  const hash = createHash('sha1')
    .update(peer + url)
    .digest();
  const id = hash.readBigUInt64BE(0).toString(16);
  const body = new URLSearchParams({ value: `m${n}=${peer}` });
  const answer = await fetch(`${url}/${id}?prevExist=false`, { method: 'PUT', body });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** Milliseconds from a registration to the last of 64 members that hears of it. */
async function wake(port: number, url: string, n: number): Promise<number> {
  const sockets = await Promise.all(
    Array.from({ length: WOKEN }, async () => await listen(port, new URL(url).pathname)),
  );
  const heard = Promise.all(sockets.map((socket) => once(socket, 'data')));
  const began = performance.now();
  await register(url, n);
  await heard;
  const took = performance.now() - began;
  for (const socket of sockets) socket.destroy();
  return took;
}

function rateOf(url: string): number {
  const { units, seconds } = wrk(url);
  return units / seconds;
}

/** What ten thousand waiting members cost, how fast one registration reaches its own, and what machines notice of it. */
export const discovery: Bench = {
  name: 'etcd discovery, 10,000 waiting members',
  missing: () => (has('wrk') ? undefined : 'no wrk (apt install wrk)'),
  async run() {
    using folder = tempFolder({
      ...{ 'images/k': 'kernel', 'images/i': 'initramfs' },
      'profiles/p.json': JSON.stringify({
        ...{ system: 'custom', kernel: 'k', initrd: ['i'] },
        nodes: [{ name: 'n', mac: '52:54:00:00:00:07' }],
      }),
    });
    await using server = await startPilotlight(folder.dir);
    const newUrl = async (): Promise<string> => await (await fetch(`${server.url}/discovery/new?size=9`)).text();
    const script = `${server.url}/ipxe?mac=52:54:00:00:00:07&platform=efi&arch=x86_64`;
    const at = Number(new URL(server.url).port);
    wrk(script); // warm
    const alone = median(Array.from({ length: 3 }, () => rateOf(script)));
    const before = memory(server.pid).now;

    const sockets: Socket[] = [];
    for (let i = 0; i < WATCHERS / OF_ONE; i += 1) {
      const path = new URL(await newUrl()).pathname;
      for (let k = 0; k < OF_ONE; k += 100) {
        sockets.push(...(await Promise.all(Array.from({ length: 100 }, async () => await wait(at, path)))));
      }
    }
    // Half of these make room for those that are woken: the limit is for all together.
    for (const socket of sockets.splice(0, WOKEN)) socket.destroy();
    const cost = memory(server.pid).now - before;

    const url = await newUrl();
    const times: number[] = [];
    for (let n = 1; n <= ROUNDS; n += 1) times.push(await wake(at, url, n));
    const together = median(Array.from({ length: 3 }, () => rateOf(script)));
    const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
    for (const socket of sockets) socket.destroy();
    return [
      { what: 'memory for all that wait', value: cost, unit: 'MiB', goal: '<= 200' },
      { what: 'members still waiting at the end', value: open, unit: '', goal: `>= ${WATCHERS - WOKEN}` },
      { what: 'a registration wakes 64, median of 5', value: median(times), unit: 'ms', goal: '<= 50' },
      { what: 'the slowest of 5', value: Math.max(...times), unit: 'ms' },
      { what: 'boot scripts with them / without', value: together / alone, unit: 'x', goal: '>= 0.9' },
    ];
  },
};
