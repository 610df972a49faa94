import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';

// `npm run mutants [-- ROOM|FILE[:FROM-TO] ... --sample N --from K]`: breaks the code on purpose, one place at a time, and
// asks the tests (StrykerJS; stryker.config.json), room by room. All of the seven rooms take hours; --sample N takes one
// window of ten lines in N, the same ones every time (others with --from), which gives the score within a few percent.
const WINDOW = 10;
const ROOMS = ['boot', 'catalog', 'releases', 'machines', 'dhcp', 'tftp', 'http'];
const WANTED = 85;
const REPORT = '.cache/mutants/report.json';

interface Count {
  noticed: number;
  missed: number;
}

const OPTIONS = {
  sample: { type: 'string', default: '1' },
  from: { type: 'string', default: '0' },
  concurrency: { type: 'string', default: '1' },
} as const;

const { values, positionals } = calledWith();
const [step, first, atOnce] = [values.sample, values.from, values.concurrency].map(Number) as [number, number, number];
if (![step, first, atOnce].every(Number.isInteger) || step < 1 || first < 0 || first >= step || atOnce < 1) usage();
const asked = (positionals.length > 0 ? positionals : ROOMS).map((word) =>
  ROOMS.includes(word) ? `src/${word}` : word,
);
const roomOf = (path: string) => path.split('/')[1] ?? '';
for (const path of asked) {
  const [file = ''] = path.split(':');
  if (!file.startsWith('src/') || !ROOMS.includes(roomOf(file)) || !existsSync(file))
    usage(`${path}: no such room or file`);
}

const ranges = step > 1 ? sampled() : asked.flatMap((path) => (path.includes('.ts') ? [path] : filesOf(path)));
const counts = new Map<string, Count>();
for (const room of ROOMS) {
  const mutate = ranges.filter((range) => roomOf(range) === room);
  if (mutate.length > 0) counts.set(room, judge(room, mutate));
}
process.exit(report());

function calledWith() {
  try {
    return parseArgs({ allowPositionals: true, options: OPTIONS });
  } catch (error) {
    return usage(error instanceof Error ? error.message : '');
  }
}

function usage(wrong = ''): never {
  if (wrong !== '') console.error(wrong);
  console.error(
    `usage: npm run mutants -- [ROOM|FILE[:FROM-TO] ...] [--sample N [--from 0..N-1]] [--concurrency N]   (rooms: ${ROOMS.join(', ')})`,
  );
  process.exit(2);
}

/** Windows are counted over all rooms, so that a room asked alone gets those that it has among all. */
function sampled(): string[] {
  let window = 0;
  return ROOMS.flatMap((room) => filesOf(`src/${room}`)).flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n').length;
    const taken: string[] = [];
    for (let from = 1; from < lines; from += WINDOW) {
      if (window++ % step === first) taken.push(`${file}:${from}-${Math.min(lines, from + WINDOW - 1)}`);
    }
    return asked.some((path) => file === path || file.startsWith(`${path}/`)) ? taken : [];
  });
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`)
    .sort();
}

function judge(room: string, mutate: string[]): Count {
  // Where there is nothing to change, none is written.
  rmSync(REPORT, { force: true });
  const { status } = spawnSync(
    'npx',
    [
      ...['stryker', 'run', '--mutate', mutate.join(',')],
      ...['--incrementalFile', `.cache/mutants/${room}.json`, '--concurrency', `${atOnce}`],
    ],
    { stdio: 'inherit', env: { ...process.env, MUTANTS_ROOM: room } },
  );
  if (status !== 0) process.exit(status ?? 1);
  const count: Count = { noticed: 0, missed: 0 };
  if (!existsSync(REPORT)) return count;
  const { files } = JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
  for (const [path, { source, mutants }] of Object.entries(files)) {
    for (const { status: outcome, location, mutatorName, replacement } of mutants) {
      const { line } = location.start;
      if (!mutate.some((range) => covers(range, path, line))) continue;
      if (outcome === 'Killed' || outcome === 'Timeout') count.noticed++;
      else if (outcome === 'Survived' || outcome === 'NoCoverage') {
        const text = source.split('\n')[line - 1]?.trim() ?? '';
        count.missed++;
        console.log(`${path}:${line} ${outcome} ${mutatorName} -> ${replacement}\n    ${text}`);
      }
    }
  }
  return count;
}

interface Report {
  files: Record<
    string,
    {
      source: string;
      mutants: { status: string; mutatorName: string; replacement: string; location: { start: { line: number } } }[];
    }
  >;
}

function covers(range: string, path: string, line: number): boolean {
  const [file, lines] = range.split(':');
  if (file !== path) return false;
  const [from, to] = (lines ?? '').split('-').map(Number);
  return lines === undefined || (line >= (from ?? 0) && line <= (to ?? 0));
}

function report(): number {
  let noticed = 0;
  let all = 0;
  for (const [room, count] of counts) {
    noticed += count.noticed;
    all += count.noticed + count.missed;
    console.log(`${room}: ${score(count.noticed, count.noticed + count.missed)}`);
  }
  console.log(`together: ${score(noticed, all)}, at least ${WANTED} are wanted`);
  return noticed * 100 >= all * WANTED ? 0 : 1;
}

function score(noticed: number, all: number): string {
  return all === 0 ? 'no mutants' : `${noticed} of ${all} noticed (${((noticed * 100) / all).toFixed(1)} %)`;
}
