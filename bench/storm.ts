import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, tempFolder, type Bench, type Figure } from './harness.ts';
import { macOf } from './machine.ts';
import { memory } from './programs.ts';
import type { Probe, Storm } from './storm-machines.ts';
import { noWire, onLan, openWire, startOnWire } from './wire.ts';

/** `--machines=N` for a smaller one, in as much less time. */
const MACHINES = Number(/^--machines=(\d+)$/m.exec(process.argv.join('\n'))?.[1] ?? 10_000);
const WITHIN_MS = MACHINES * 12;

function fleet(): Record<string, string | Buffer> {
  const nodes = Array.from({ length: MACHINES }, (_, i) => ({ name: `n${i}`, mac: macOf(i) }));
  const files = { kernel: 'k', initrd: ['i'], cloud_config: 'c', system: 'custom' };
  return {
    'images/k': Buffer.alloc(2 ** 20, 'kernel'),
    'images/i': Buffer.alloc(4 * 2 ** 20, 'initrd'),
    'configs/c.yml.hbs': '#cloud-config\n# installed {{report.installed_url}}\n# up {{report.up_url}}\n',
    'profiles/install.json': JSON.stringify({ ...files, install: { disk: '/dev/sda' }, nodes }),
    'profiles/live.json': JSON.stringify({ ...files, nodes: [{ name: 'probe', mac: macOf(65_000) }] }),
  };
}

/** State and tries of every machine, as they are on the server's disk. */
function marks(dir: string): { readonly installed: number; readonly twice: number } {
  const folder = join(dir, 'state', 'machines');
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { state: string; tries: number });
  return {
    installed: all.filter(({ state }) => state === 'installed').length,
    twice: all.filter(({ tries }) => tries > 1).length,
  };
}

/** After a power cut: all machines at once, each with all steps of an installation, beside a server on the same cores. */
export const storm: Bench = {
  name: `a storm of ${MACHINES.toLocaleString('en')} machines that install, within ${WITHIN_MS / 1000} s`,
  missing: () => noWire() ?? (has('curl') ? undefined : 'no curl'),
  async run() {
    using folder = tempFolder(fleet());
    mkdirSync(join(folder.dir, 'boot-programs'));
    using wire = openWire();
    await using server = await startOnWire(folder.dir, wire);
    const before = server.cpu();
    const probe = onLan<Probe>(wire, 'storm-machines.ts', 'probe', macOf(65_000));
    const began = performance.now();
    const told = await onLan<Storm>(wire, 'storm-machines.ts', 'storm', String(MACHINES), String(WITHIN_MS)).result;
    const took = (performance.now() - began) / 1000;
    const cpu = server.cpu() - before;
    probe.child.stdin?.end();
    const scripts = await probe.result;
    for (const fault of told.faults) console.log(`  ${fault}`);
    const { installed, twice } = marks(folder.dir);
    const figures: Figure[] = [
      { what: 'machines that are up', value: told.up, unit: '', goal: `>= ${MACHINES}` },
      { what: 'machines that are installed, on the disk', value: installed, unit: '', goal: `>= ${MACHINES}` },
      { what: 'their own disk at the next boot', value: told.ownDisk, unit: '', goal: `>= ${MACHINES}` },
      { what: 'installed twice', value: twice, unit: '', goal: '<= 0' },
      { what: 'all of it', value: took, unit: 's', goal: '<= 600' },
      { what: 'a machine, median', value: told.whole.p50, unit: 's' },
      { what: 'a machine, slowest', value: told.whole.last, unit: 's' },
      { what: 'DHCP questions asked again', value: told.dhcpAsksAgain, unit: '' },
      { what: 'boot programs begun again', value: told.programsAgain, unit: '' },
      { what: 'boots begun again from power-on', value: told.restarts, unit: '' },
      { what: 'script that installs, median', value: told.script.p50, unit: 'ms' },
      { what: 'script that installs, p99', value: told.script.p99, unit: 'ms' },
      { what: 'script that installs nothing, meanwhile, median', value: scripts.p50, unit: 'ms' },
      { what: 'script that installs nothing, meanwhile, p99', value: scripts.p99, unit: 'ms', goal: '<= 10' },
      { what: 'of them without an answer', value: scripts.faults, unit: '' },
      { what: 'CPU of the server', value: cpu, unit: 's', goal: `<= ${(60 * MACHINES) / 10_000}` },
      { what: 'CPU of a machine', value: (cpu / MACHINES) * 1000, unit: 'ms' },
      { what: 'CPU of the clients', value: told.cpu, unit: 's' },
      { what: 'peak memory of the server', value: memory(server.pid).peak, unit: 'MiB' },
    ];
    return figures;
  },
};
