import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compare, ratio, sampleFigures, type Contestant } from './compare.ts';
import { has, tempFolder, top, wrk, type Bench, type Figure, type Run } from './harness.ts';
import { freePort, memory, startHttp, startPilotlight, type HttpServer } from './programs.ts';

const SIZE = 300 * 2 ** 20;
const ROUNDS = 5;
const FILE = 'flatcar/amd64/1.2.3/flatcar_production_pxe_image.cpio.gz';
const STALLED = 500;
const CPU = { unit: 'CPU s/GB', scale: 1 };

/** Readers, how often each reads the file (one download is too short to time), and what the issue wants. */
const CASES = [
  { readers: 1, times: 5, rate: '>= 0.95', cpu: undefined },
  { readers: 8, times: 1, rate: '>= 1', cpu: '<= 1.2' },
  { readers: 32, times: 1, rate: '>= 1', cpu: '<= 1.2' },
] as const;

function nginxConfig(dir: string, port: number): string {
  // As root, nginx would read as "none", who may not enter the temporary folder.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  return `${user}daemon off; worker_processes auto; pid ${dir}/nginx.pid; error_log ${dir}/nginx.err;
events { worker_connections 2048; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  server { listen 127.0.0.1:${port}; root ${dir}; }
}
`;
}

/** Ranges as UEFI firmware and installers ask for them: 256 KiB from somewhere. */
const RANGES = `request = function()
  local from = math.random(0, ${SIZE / 2 ** 18 - 1}) * 262144
  return wrk.format("GET", nil, { ["Range"] = string.format("bytes=%d-%d", from, from + 262143) })
end
`;

async function read({ url }: HttpServer, readers: number, times: number): Promise<Run> {
  const { port } = new URL(url);
  const words = [join(top, 'bench', 'readers.ts'), port, `/images/${FILE}`, String(readers), String(times)];
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...words], { cwd: top });
  return JSON.parse(stdout) as Run;
}

/** Peak memory with readers that do not read, and what the server does meanwhile. */
async function stalled(server: HttpServer): Promise<readonly Figure[]> {
  const sockets: Socket[] = [];
  const { port } = new URL(server.url);
  // Loaded some moments after the first answer; what is asked for before that leaves through Node.
  while (!(await (await fetch(new URL('/healthz', server.url))).text()).includes('"native":true')) await wait(50);
  for (let i = 0; i < STALLED; i += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    // Each somewhere else in the file, so that they share as little as they can; no client reads.
    const from = Math.floor((SIZE / STALLED) * i);
    socket.write(`GET /images/${FILE} HTTP/1.1\r\nHost: x\r\nRange: bytes=${from}-\r\n\r\n`);
    socket.pause();
    sockets.push(socket);
  }
  // Until the memory stands still.
  for (let last = -1, look = 0; look < 40; look += 1) {
    const { now } = memory(server.pid);
    if (Math.abs(now - last) < 1) break;
    last = now;
    await wait(250);
  }
  const { peak } = memory(server.pid);
  const before = server.cpu();
  await wait(2000);
  const idle = (server.cpu() - before) / 2;
  for (const socket of sockets) socket.destroy();
  return [
    { what: `${STALLED} stalled readers, peak memory`, value: peak, unit: 'MiB', goal: '<= 150' },
    { what: `${STALLED} stalled readers, processor`, value: idle * 100, unit: '% of a core' },
  ];
}

/** Against nginx with sendfile, the same file, in turn. */
export const images: Bench = {
  name: 'a 300 MiB image',
  missing: () => (has('nginx') && has('wrk') ? undefined : 'no nginx or no wrk (apt install nginx-light wrk)'),
  async run() {
    using folder = tempFolder({ [`images/${FILE}`]: Buffer.alloc(SIZE, 'pilotlight'), 'ranges.lua': RANGES });
    const port = await freePort();
    const config = join(folder.dir, 'nginx.conf');
    writeFileSync(config, nginxConfig(folder.dir, port));
    await using nginx = await startHttp('nginx', ['-c', config], { port });
    const figures: Figure[] = [];
    {
      await using server = await startPilotlight(folder.dir);
      using other = tempFolder();
      await using without = await startPilotlight(other.dir, {
        PILOTLIGHT_NATIVE: 'off',
        PILOTLIGHT_IMAGES_DIR: join(folder.dir, 'images'),
      });
      const contestants: readonly (HttpServer & Contestant)[] = [
        { ...server, name: 'ours' },
        { ...without, name: 'ours without native' },
        { ...nginx, name: 'nginx' },
      ];
      for (const one of contestants) await read(one, 1, 1);
      for (const { readers, times, ...goals } of CASES) {
        const samples = await compare(contestants, ROUNDS, async (one) => read(one, readers, times));
        figures.push(...sampleFigures(`${readers} readers`, samples, 'GB/s', CPU));
        for (const of of ['rate', 'cpu'] as const) {
          const what = `${readers} readers: ${of === 'cpu' ? 'CPU of a GB, ' : ''}ours / nginx`;
          const goal = goals[of];
          figures.push({ what, value: ratio(samples, 'ours', 'nginx', of), unit: 'x', ...(goal && { goal }) });
        }
      }
      const ranges = await compare(contestants, ROUNDS, ({ url }) =>
        wrk(`${url}/images/${FILE}`, { script: join(folder.dir, 'ranges.lua'), connections: 32, seconds: 3 }),
      );
      figures.push(
        ...sampleFigures('ranges of 256 KiB, 32 readers', ranges, '/s', { unit: 'CPU us each', scale: 1e6 }),
      );
      figures.push({ what: 'ranges: ours / nginx', value: ratio(ranges, 'ours', 'nginx', 'rate'), unit: 'x' });
      figures.push({ what: 'memory, peak so far', value: memory(server.pid).peak, unit: 'MiB' });
    }
    await using fresh = await startPilotlight(folder.dir);
    return [...figures, ...(await stalled(fresh))];
  },
};
