import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  freePort,
  has,
  median,
  memory,
  startPilotlight,
  startProgram,
  tempFolder,
  type Bench,
  type Figure,
  type Running,
} from './harness.ts';

const SIZE = 300 * 2 ** 20;
const ROUNDS = 5;
const FILE = 'flatcar/amd64/1.2.3/flatcar_production_pxe_image.cpio.gz';

function nginxConfig(dir: string, port: number): string {
  // As root, nginx would read as "nobody", who may not enter the temporary folder.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  return `${user}daemon off; worker_processes auto; pid ${dir}/nginx.pid; error_log ${dir}/nginx.err;
events { worker_connections 2048; }
http {
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  server { listen 127.0.0.1:${port}; root ${dir}; }
}
`;
}

/** GB/s of `readers` downloads of the whole file at once, with curl, which is no slower than the servers. */
async function total(url: string, readers: number): Promise<number> {
  // At least twice the file for each measurement: a single download is too short to time.
  const each = readers === 1 ? 3 : 1;
  const began = performance.now();
  const children = Array.from({ length: readers }, () =>
    spawn('curl', ['-sf', ...Array.from({ length: each }, () => ['-o', '/dev/null', url]).flat()], { stdio: 'ignore' }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  if (codes.some((code) => code !== 0)) throw new Error('curl failed');
  return (SIZE * readers * each) / 1e6 / (performance.now() - began);
}

async function stalled(server: Running, readers: number): Promise<number> {
  const sockets: Socket[] = [];
  const { port } = new URL(server.url);
  for (let i = 0; i < readers; i += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    // Each somewhere else in the file, so that they share as little as they can; no client reads.
    const from = Math.floor((SIZE / readers) * i);
    socket.write(`GET /images/${FILE} HTTP/1.1\r\nHost: x\r\nRange: bytes=${from}-\r\n\r\n`);
    socket.pause();
    sockets.push(socket);
  }
  let last = -1;
  // Until the memory stands still.
  for (let look = 0; look < 40; look += 1) {
    const now = memory(server.pid).now;
    if (Math.abs(now - last) < 1) break;
    last = now;
    await wait(250);
  }
  const { peak } = memory(server.pid);
  for (const socket of sockets) socket.destroy();
  return peak;
}

/** Against nginx with sendfile, the same file, in turn. */
export const images: Bench = {
  name: 'a 300 MiB image',
  missing: () => (has('nginx') && has('curl') ? undefined : 'no nginx or no curl (apt install nginx-light curl)'),
  async run() {
    using folder = tempFolder({ [`images/${FILE}`]: Buffer.alloc(SIZE, 'pilotlight') });
    const port = await freePort();
    const config = join(folder.dir, 'nginx.conf');
    writeFileSync(config, nginxConfig(folder.dir, port));
    const figures: Figure[] = [];
    await using nginx = await startProgram('nginx', ['-c', config], { port });
    {
      await using server = await startPilotlight(folder.dir);
      for (const [readers, goal] of [
        [1, '>= 1'],
        [8, '>= 1.15'],
        [32, '>= 1.15'],
      ] as const) {
        const ours: number[] = [];
        const theirs: number[] = [];
        await total(`${server.url}/images/${FILE}`, 1);
        for (let round = 0; round < ROUNDS; round += 1) {
          ours.push(await total(`${server.url}/images/${FILE}`, readers));
          theirs.push(await total(`${nginx.url}/images/${FILE}`, readers));
        }
        figures.push(
          { what: `${readers} readers, ours`, value: median(ours), unit: 'GB/s' },
          { what: `${readers} readers, nginx`, value: median(theirs), unit: 'GB/s' },
          {
            what: `${readers} readers, ratio`,
            value: median(ours.map((rate, i) => rate / (theirs[i] ?? NaN))),
            unit: 'x',
            goal,
          },
        );
      }
      figures.push({ what: 'memory, peak so far', value: memory(server.pid).peak, unit: 'MiB' });
    }
    await using fresh = await startPilotlight(folder.dir);
    figures.push({
      what: '500 stalled readers, peak memory',
      value: await stalled(fresh, 500),
      unit: 'MiB',
      goal: '<= 406',
    });
    return figures;
  },
};
