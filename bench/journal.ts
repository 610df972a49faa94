// The journal at its full size: a hundred thousand machines and ten million events (PILOTLIGHT_BENCH_EVENTS=500000 for a
// quick look), what pages cost then, and what an answer pays for being written down.
import { DatabaseSync } from '@photostructure/sqlite';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createJournal } from '../src/journal/create-journal.ts';
import type { Journal } from '../src/journal/journal.ts';
import { type MachineFacts, machineKey, parseMac } from '../src/model/machine.ts';
import { openDatabase } from '../src/journal/database.ts';
import { newMachine, openMachineTable } from '../src/journal/machine-record.ts';
import type { Decision } from '../src/model/plan.ts';
import { SILENT } from '../src/model/service.ts';
import { type Bench, type Figure, tempFolder } from './harness.ts';
import { type Database, prepare, releaseClosed, transaction } from '../src/journal/sqlite.ts';

const EVENTS = Number(process.env['PILOTLIGHT_BENCH_EVENTS'] ?? 10_000_000);
const EVENTS_IN_BOOT = 10;
const MACHINES = Math.max(100, Math.floor(EVENTS / 100));
const BOOTS = EVENTS / EVENTS_IN_BOOT;
const NOW = 1_800_000_000_000;
const ROUNDS = 60;
const STATES = [
  'up',
  'up',
  'up',
  'up',
  'booting',
  'installed',
  'assigned',
  'unknown',
  'booting',
  'installing',
] as const;

function macOf(index: number): string {
  const digits = index.toString(16).padStart(8, '0');
  return `52:54:${digits.replaceAll(/(..)(?!$)/g, '$1:')}`;
}

/** Rows as the journal writes them, only faster: one transaction, statements alone, indexes of what grows at the end. */
function build(file: string): void {
  const db = openDatabase(DatabaseSync, file);
  db.exec('PRAGMA synchronous = OFF');
  db.exec('PRAGMA journal_mode = OFF');
  db.exec('DROP INDEX event_boot');
  transaction(db, () => {
    addMachines(db);
    addBoots(db);
  });
  db.exec('CREATE INDEX event_boot ON event (boot)');
  db.exec('PRAGMA journal_mode = WAL');
  db.close();
}

function addMachines(db: Database): void {
  const table = openMachineTable(db);
  for (let i = 0; i < MACHINES; i += 1) {
    const state = STATES[i % STATES.length] ?? 'up';
    const seen = NOW - ((i * 7919) % MACHINES) * 60_000;
    table.save({
      ...newMachine(macOf(i)),
      mac: macOf(i),
      uuid: `5d1c0000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`,
      serial: `CZC${String(i).padStart(7, '0')}`,
      hostname: `worker-${i}`,
      manufacturer: 'HPE',
      product: `ProLiant DL${300 + (i % 90)} Gen10`,
      ...{ arch: 'x86_64', platform: 'efi' },
      address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      ...{ address_at: seen, first_seen: seen - 90 * 86_400_000, last_seen: seen, state, since: seen },
      deadline: state === 'booting' || state === 'installing' ? (i % 3 === 0 ? NOW - 1 : NOW + 600_000) : null,
      profile: `profile-${i % 50}`,
      node: `node-${i}`,
      version: '4593.2.5',
      because: `mac ${macOf(i)} is node node-${i} of profiles/profile-${i % 50}.json`,
      ...{ node_key: macOf(i), node_name: `node-${i}`, node_profile: `profile-${i % 50}`, node_version: '4593.2.5' },
      // The machines' last boots stand at the end of the table.
      boot: BOOTS - MACHINES + i + 1,
      durations: Array.from({ length: 10 }, (_, n) => 40_000 + n * 137).join(','),
    });
  }
}

function addBoots(db: Database): void {
  const boot = prepare(
    db,
    `INSERT INTO boot (machine, at, last_at, phase, outcome, profile, version, up_at, ms, events)
     VALUES (?, ?, ?, 'over', 'boot', ?, '4593.2.5', ?, 41000, ${EVENTS_IN_BOOT})`,
  );
  const event = prepare(
    db,
    'INSERT INTO event (boot, at, kind, line, what, ms, bytes, status, ok, times, digest) VALUES (?,?,?,?,?,?,?,?,?,?,?)',
  );
  const digest = Buffer.alloc(32, 7);
  const shelf = 'flatcar/amd64/4593.2.5/flatcar_production_pxe';
  for (let id = 1; id <= BOOTS; id += 1) {
    // A boot of one machine lies far from the next one of it, as in life.
    const machine = ((id - 1) % MACHINES) + 1;
    const at = NOW - (BOOTS - id) * 7000;
    boot.run(machine, at, at + 41_000, `profile-${machine % 50}`, at + 41_000);
    const because = `mac ${macOf(machine)} is node node-${machine} of profiles/profile-${machine % 50}.json`;
    for (let n = 0; n < 2; n += 1) {
      event.run(id, at + n, 'dhcp', 'DHCP (UEFI): told to load ipxe.efi', 'ipxe.efi', null, null, null, 1, 1, null);
    }
    event.run(id, at + 2, 'tftp', null, 'ipxe.efi', 120, 1_030_000, null, 1, 1, null);
    const told = `told to boot profile profile-${machine % 50} 4593.2.5: ${because}`;
    event.run(id, at + 3, 'script', told, null, null, null, null, 1, 1, digest);
    event.run(id, at + 4, 'file', null, `${shelf}.vmlinuz`, 1200, 54_000_000, 200, 1, 1, null);
    event.run(id, at + 5, 'file', null, `${shelf}_image.cpio.gz`, 9000, 340_000_000, 200, 1, 1, null);
    for (let n = 0; n < 3; n += 1) {
      const what = 'configs/worker.ign.hbs';
      event.run(id, at + 6 + n, 'document', `sent ${what}, 2.1 KiB`, what, null, 2150, null, 1, 1, digest);
    }
    const said = `phoned home: hostname=worker-${machine}, fqdn=worker-${machine}.example.net`;
    event.run(id, at + 41_000, 'phone-home', said, null, null, null, null, 1, 1, null);
  }
}

async function timed(what: string, work: (round: number) => Promise<unknown>): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begin = performance.now();
    await work(round);
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
  return [
    { what: `${what}, p50`, value: at(0.5), unit: 'ms', goal: '<= 50' },
    { what: `${what}, p99`, value: at(0.99), unit: 'ms', goal: '<= 50' },
  ];
}

async function queries(journal: Journal): Promise<readonly Figure[]> {
  const second = (await journal.machines({ limit: 100 })).next ?? '';
  return [
    ...(await timed('first page of 100 with the count of each state', () => journal.machines({ limit: 100 }))),
    ...(await timed('second page', () => journal.machines({ limit: 100, after: second }))),
    ...(await timed('a page of one state (failed)', () => journal.machines({ limit: 100, state: 'failed' }))),
    ...(await timed('a page of one state (unknown)', () => journal.machines({ limit: 100, state: 'unknown' }))),
    ...(await timed('a page of one profile', (n) => journal.machines({ limit: 100, profile: `profile-${n % 50}` }))),
    ...(await timed('search that finds one machine', (n) => journal.machines({ limit: 100, text: `czc00${n}77` }))),
    ...(await timed('search that finds nothing', () => journal.machines({ limit: 100, text: 'no such thing' }))),
    ...(await timed('search that finds all', () => journal.machines({ limit: 100, text: 'proliant' }))),
    ...(await timed('the history of one machine', (n) => journal.machine(macOf((n * 1_600_033) % MACHINES)))),
  ];
}

function factsOf(index: number): MachineFacts {
  const mac = parseMac(macOf(index));
  return mac === undefined ? {} : { mac };
}

/** What an answer pays on the main thread, the same again (as a bench does) and a new machine each time. */
async function recording(journal: Journal): Promise<readonly Figure[]> {
  const decision: Decision = { outcome: 'boot', profile: 'workers', version: '4593.2.5', because: 'it is a bench' };
  const body = Buffer.from(`#!ipxe\n${'# a script of usual length\n'.repeat(30)}`);
  const cost = async (machines: number, calls: number): Promise<number> => {
    const all = Array.from({ length: machines }, (_, i) => factsOf(MACHINES + i));
    const samples: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const begin = performance.now();
      for (let i = 0; i < calls; i += 1) {
        const facts = all[i % machines] ?? {};
        journal.record({ kind: 'script', at: NOW, facts, from: '10.0.0.1', decision, body, deadline: NOW });
      }
      samples.push(((performance.now() - begin) / calls) * 1000);
      await journal.flushed();
    }
    return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? NaN;
  };
  return [
    { what: 'record(), the same script again', value: await cost(1, 100_000), unit: 'us', goal: '<= 2' },
    { what: 'record(), a thousand machines in turn', value: await cost(1000, 100_000), unit: 'us', goal: '<= 2' },
    { what: 'record(), another machine each time', value: await cost(10_000, 10_000), unit: 'us' },
  ];
}

/** Events a second that are on their way to the disk for good: each of another machine. */
async function throughput(journal: Journal): Promise<readonly Figure[]> {
  const events = 20_000;
  const decision: Decision = { outcome: 'boot', profile: 'workers', version: '4593.2.5', because: 'it is a bench' };
  const begin = performance.now();
  for (let i = 0; i < events; i += 1) {
    const facts = factsOf(i % MACHINES);
    const body = Buffer.from(`#!ipxe\n# ${machineKey(facts) ?? ''} ${i}\n`);
    journal.record({ kind: 'script', at: NOW + i, facts, decision, body, deadline: NOW });
  }
  await journal.flushed();
  const rate = events / ((performance.now() - begin) / 1000);
  return [{ what: 'events of different machines, written', value: rate, unit: '/s' }];
}

export const journal: Bench = {
  name: `journal: ${MACHINES.toLocaleString('en')} machines, ${EVENTS.toLocaleString('en')} events`,
  missing: () => undefined,
  async run() {
    using folder = tempFolder();
    const file = join(folder.dir, 'state', 'pilotlight.db');
    const begin = performance.now();
    build(file);
    await releaseClosed();
    const built = (performance.now() - begin) / 1000;
    const opened = createJournal({ file, days: 36_500, log: SILENT, now: () => NOW });
    await opened.start();
    try {
      const figures = [
        { what: 'the database is built in', value: built, unit: 's' },
        { what: 'its size', value: sizeOf(file), unit: 'MiB', goal: '<= 3000' as const },
        ...(await queries(opened)),
        ...(await throughput(opened)),
        ...(await recording(opened)),
      ];
      if (!opened.status().on) throw new Error(opened.status().why);
      return figures;
    } finally {
      await opened.stop(new AbortController().signal);
    }
  },
};

function sizeOf(file: string): number {
  return statSync(file).size / 2 ** 20;
}
