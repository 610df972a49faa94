import { join } from 'node:path';
import { compare, ratio, sampleFigures, type Contestant } from './compare.ts';
import { has, tempFolder, top, wrk, type Bench } from './harness.ts';
import { freePort, memory, startHttp, startPilotlight, type HttpServer } from './programs.ts';

const ROUNDS = 5;
const CPU = { unit: 'CPU us', scale: 1e6 };

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

const PATH = '/ipxe?mac=52:54:00:00:00:07&platform=efi&arch=x86_64';

const missing = (): string | undefined => (has('wrk') ? undefined : 'no wrk (apt install wrk)');

const named = (name: string, server: HttpServer, rest: { script?: string; url?: string } = {}) => ({
  ...server,
  ...rest,
  name,
});

/** wrk at each in turn; a script in Lua asks for a hundred machines. */
const ask = async (contestants: readonly (HttpServer & Contestant & { readonly script?: string })[]) =>
  compare(contestants, ROUNDS, ({ url, script }) => wrk(url, script === undefined ? {} : { script }));

/** The same bytes from an Express 5 route, from plain node:http and from the machine server, in turn. */
export const scripts: Bench = {
  name: 'boot scripts, 64 connections, journal on',
  missing,
  async run() {
    using folder = tempFolder(fleet(100));
    await using server = await startPilotlight(folder.dir);
    const script = await (await fetch(server.url + PATH)).text();
    const yardstick = async (kind: string) => {
      const port = await freePort();
      return await startHttp(process.execPath, [join(top, 'bench', 'yardstick.mjs'), kind, String(port)], {
        port,
        env: { SCRIPT: script },
      });
    };
    await using express = await yardstick('express');
    await using plain = await yardstick('plain');
    const samples = await ask([
      named('ours', server, { url: server.url + PATH }),
      named('Express 5 route, same bytes', express),
      named('bare node:http, same bytes', plain),
    ]);
    const toPlain = ratio(samples, 'ours', 'bare node:http, same bytes', 'cpu');
    const toExpress = ratio(samples, 'ours', 'Express 5 route, same bytes', 'rate');
    return [
      ...sampleFigures('a script', samples, '/s', CPU),
      { what: 'CPU of a script: ours / bare node:http', value: toPlain, unit: 'x', goal: '<= 1.1' },
      { what: 'scripts a second: ours / Express 5', value: toExpress, unit: 'x', goal: '>= 3' },
      { what: 'memory after', value: memory(server.pid).now, unit: 'MiB' },
    ];
  },
};

/** What the journal costs an answer: the same with the journal on and off, in turn. */
export const journalCost: Bench = {
  name: 'boot scripts with the journal on and off, 64 connections',
  missing,
  async run() {
    // A hundred machines in turn: no two answers that follow each other are the same event.
    using folder = tempFolder({ ...fleet(100), 'hundred.lua': HUNDRED });
    using other = tempFolder(fleet(100));
    await using on = await startPilotlight(folder.dir);
    await using off = await startPilotlight(other.dir, { PILOTLIGHT_JOURNAL: 'off' });
    const script = join(folder.dir, 'hundred.lua');
    const samples = await ask([
      named('a hundred machines, journal on', on, { script }),
      named('a hundred machines, journal off', off, { script }),
      named('one machine, journal on', on, { url: on.url + PATH }),
      named('one machine, journal off', off, { url: off.url + PATH }),
    ]);
    const cost = (who: string): number => ratio(samples, `${who}, journal on`, `${who}, journal off`, 'rate');
    return [
      ...sampleFigures('a script', samples, '/s', CPU),
      { what: 'a hundred machines, on / off', value: cost('a hundred machines'), unit: 'x', goal: '>= 0.9' },
      { what: 'one machine, on / off', value: cost('one machine'), unit: 'x', goal: '>= 0.9' },
      { what: 'memory with the journal', value: memory(on.pid).now, unit: 'MiB' },
    ];
  },
};

/** What a token costs: a script for a machine whose script carries one, and for one whose does not, in turn. */
export const tokenCost: Bench = {
  name: 'boot scripts with and without a token, 64 connections',
  missing,
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
    const samples = await ask([named('with a token', carrying, { script }), named('without', without, { script })]);
    const value = ratio(samples, 'with a token', 'without', 'cpu');
    return [
      ...sampleFigures('a script', samples, '/s', CPU),
      { what: 'CPU of a script: with / without', value, unit: 'x', goal: '<= 1.06' },
    ];
  },
};

const HUNDRED = `local i = 0
request = function()
  i = (i + 1) % 100
  return wrk.format("GET", string.format("/ipxe?mac=52:54:00:00:00:%02x&platform=efi&arch=x86_64", i))
end
`;
