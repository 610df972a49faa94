import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  has,
  median,
  memory,
  startPilotlight,
  startProgram,
  tempFolder,
  top,
  wrk,
  type Bench,
  type Running,
} from './harness.ts';

const ROUNDS = 5;

export function fleet(profiles: number): Record<string, string> {
  const files: Record<string, string> = {
    'images/k': 'kernel',
    'images/i': 'initramfs',
    'configs/c.yml': '#cloud-config\n',
  };
  for (let i = 0; i < profiles; i += 1) {
    const mac = `52:54:00:00:00:${i.toString(16).padStart(2, '0')}`;
    files[`profiles/p${i}.json`] = JSON.stringify({
      system: 'custom',
      kernel: 'k',
      initrd: ['i'],
      cloud_config: 'c',
      nodes: [{ name: `n${i}`, mac }],
    });
  }
  return files;
}

/** The same bytes from an Express 5 route, from plain node:http and from the machine door, in turn. */
export const scripts: Bench = {
  name: 'boot scripts, 64 connections',
  missing: () => (has('wrk') ? undefined : 'no wrk (apt install wrk)'),
  async run() {
    using folder = tempFolder(fleet(100));
    await using server = await startPilotlight(folder.dir);
    const path = '/ipxe?mac=52:54:00:00:00:07&platform=efi&arch=x86_64';
    const script = await (await fetch(server.url + path)).text();
    const yardstick = async (kind: string) => {
      const port = await freePort();
      return await startProgram(process.execPath, [join(top, 'bench', 'yardstick.mjs'), kind, String(port)], {
        port,
        env: { SCRIPT: script },
      });
    };
    await using express = await yardstick('express');
    await using plain = await yardstick('plain');
    const rates = { ours: [] as number[], express: [] as number[], plain: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.ours.push(wrk(server.url + path));
      rates.express.push(wrk(express.url));
      rates.plain.push(wrk(plain.url));
    }
    const ours = median(rates.ours);
    return [
      { what: 'machine door', value: ours, unit: 'scripts/s', goal: '>= 20000' },
      { what: 'Express 5 route, same bytes', value: median(rates.express), unit: 'scripts/s' },
      { what: 'bare node:http, same bytes', value: median(rates.plain), unit: 'scripts/s' },
      { what: 'machine door / Express', value: ours / median(rates.express), unit: 'x', goal: '>= 3' },
      { what: 'memory after', value: memory(server.pid).now, unit: 'MiB' },
    ];
  },
};

/** What the journal costs an answer: the same with the journal on and off, in turn. */
export const journalCost: Bench = {
  name: 'boot scripts with the journal on and off, 64 connections',
  missing: () => (has('wrk') ? undefined : 'no wrk (apt install wrk)'),
  async run() {
    // A hundred machines in turn: no two answers that follow each other are the same event.
    using folder = tempFolder({ ...fleet(100), 'hundred.lua': HUNDRED });
    using other = tempFolder(fleet(100));
    await using on = await startPilotlight(folder.dir);
    await using off = await startPilotlight(other.dir, { PILOTLIGHT_JOURNAL: 'off' });
    const script = join(folder.dir, 'hundred.lua');
    const path = '/ipxe?mac=52:54:00:00:00:07&platform=efi&arch=x86_64';
    const rates = { on: [] as number[], off: [] as number[], onOne: [] as number[], offOne: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.on.push(wrk(on.url, { script }));
      rates.off.push(wrk(off.url, { script }));
      rates.onOne.push(wrk(on.url + path));
      rates.offOne.push(wrk(off.url + path));
    }
    return [
      { what: 'a hundred machines, journal on', value: median(rates.on), unit: 'scripts/s' },
      { what: 'a hundred machines, journal off', value: median(rates.off), unit: 'scripts/s' },
      { what: 'on / off', value: median(rates.on) / median(rates.off), unit: 'x', goal: '>= 0.9' },
      { what: 'one machine, on / off', value: median(rates.onOne) / median(rates.offOne), unit: 'x', goal: '>= 0.9' },
      { what: 'memory with the journal', value: memory(on.pid).now, unit: 'MiB' },
    ];
  },
};

/** What a token costs: CPU of a script for a machine whose script carries one, and for one whose does not, in turn. */
export const tokenCost: Bench = {
  name: 'boot scripts with and without a token, 64 connections',
  missing: () => (has('wrk') ? undefined : 'no wrk (apt install wrk)'),
  async run() {
    const plain = fleet(100);
    const secret = Object.entries(plain).map(([file, text]) => {
      return [file, file.startsWith('profiles/') ? JSON.stringify({ ...JSON.parse(text), secrets: true }) : text];
    });
    using folder = tempFolder({ ...plain, 'hundred.lua': HUNDRED });
    using other = tempFolder(Object.fromEntries(secret) as Record<string, string>);
    // No host is its own neighbour.
    await using without = await startPilotlight(folder.dir);
    await using carrying = await startPilotlight(other.dir, { PILOTLIGHT_ROUTED: '127.0.0.0/8' });
    const script = join(folder.dir, 'hundred.lua');
    const costs = { without: [] as number[], with: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      costs.without.push(cpuPerScript(without, script));
      costs.with.push(cpuPerScript(carrying, script));
    }
    const [cost, base] = [median(costs.with), median(costs.without)];
    return [
      { what: 'CPU without a token', value: base, unit: 'us' },
      { what: 'CPU with a token', value: cost, unit: 'us' },
      { what: 'with / without', value: cost / base, unit: 'x', goal: '<= 1.06' },
    ];
  },
};

const SECONDS = 4;

function cpuPerScript({ pid, url }: Running, script: string): number {
  const before = cpuSeconds(pid);
  const scripts = wrk(url, { seconds: SECONDS, script }) * SECONDS;
  return ((cpuSeconds(pid) - before) / scripts) * 1e6;
}

/** User and system time of a process; the kernel counts in hundredths. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const HUNDRED = `local i = 0
request = function()
  i = (i + 1) % 100
  return wrk.format("GET", string.format("/ipxe?mac=52:54:00:00:00:%02x&platform=efi&arch=x86_64", i))
end
`;
