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
} from './harness.ts';

const ROUNDS = 5;

function fleet(profiles: number): Record<string, string> {
  const files: Record<string, string> = {
    'images/k': 'kernel',
    'images/i': 'initramfs',
    'configs/c.yml': '#cloud-config\n',
  };
  for (let i = 0; i < profiles; i += 1) {
    const mac = `52:54:00:00:00:${i.toString(16).padStart(2, '0')}`;
    files[`profiles/p${String(i)}.json`] = JSON.stringify({
      system: 'custom',
      kernel: 'k',
      initrd: ['i'],
      cloud_config: 'c',
      nodes: [{ name: `n${String(i)}`, mac }],
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

export const start: Bench = {
  name: 'start to first answer, 100 profiles',
  missing: () => undefined,
  async run() {
    using folder = tempFolder(fleet(100));
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await using server = await startPilotlight(folder.dir);
      times.push(server.startedIn);
    }
    return [{ what: 'from exec to the first answer', value: median(times), unit: 'ms', goal: '<= 300' }];
  },
};
