// npm run bench [NAME...]: every comparison runs against a peer in the same run; figures only mean something on an idle
// machine. A bench that cannot run here says why.
import { loadavg } from 'node:os';
import { catalog } from './catalog.ts';
import { dhcp } from './dhcp.ts';
import { discovery } from './discovery.ts';
import { images } from './images.ts';
import { journal } from './journal.ts';
import { leases } from './leases.ts';
import { met, printTable, writeResults, type Bench, type Figure } from './harness.ts';
import { clearProfiles, printProfiles } from './profile.ts';
import { journalCost, scripts, tokenCost } from './scripts.ts';
import { start } from './start.ts';
import { storm } from './storm.ts';
import { soak } from './soak.ts';
import { sync } from './sync.ts';
import { tftp } from './tftp.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  scripts,
  'journal-cost': journalCost,
  'token-cost': tokenCost,
  start,
  catalog,
  images,
  tftp,
  dhcp,
  leases,
  storm,
  discovery,
  sync,
  journal,
  soak,
};

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else {
  const results: Record<string, readonly Figure[]> = {};
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const missing = bench.missing();
    if (missing !== undefined) {
      console.log(`\n${bench.name}\n  left out: ${missing}`);
      continue;
    }
    clearProfiles();
    results[name] = await bench.run();
    printTable(bench.name, results[name]);
    printProfiles();
  }
  const goals = Object.values(results)
    .flat()
    .filter((figure) => figure.goal !== undefined);
  if (goals.length > 0) printTable('What is wanted', goals);
  const missed = goals.filter((figure) => met(figure) === false).length;
  const load = loadavg()[0]?.toFixed(1);
  console.log(`\n${missed} of ${goals.length} missed, load ${load ?? '?'}; figures in ${writeResults(results)}`);
}
