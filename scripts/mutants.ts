import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

// `npm run mutants [-- ROOM ... --sample N]`: breaks the code on purpose, one place at a time, and asks the tests
// (StrykerJS; stryker.config.json). All of the seven rooms take hours; --sample N takes one window of ten lines in N, the
// same ones every time, which gives the score within a few percent in minutes.
const WINDOW = 10;
const ROOMS = ['boot', 'catalog', 'releases', 'machines', 'dhcp', 'tftp', 'http'];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { sample: { type: 'string' } } });
const rooms = positionals.length > 0 ? positionals : ROOMS;
const unknown = rooms.find((room) => !ROOMS.includes(room));
const step = Number(values.sample ?? 1);
if (!Number.isInteger(step) || step < 1 || unknown !== undefined) {
  console.error(`usage: npm run mutants -- [ROOM ...] [--sample N]   (rooms: ${ROOMS.join(', ')})`);
  process.exit(2);
}

const files = rooms.flatMap((room) =>
  readdirSync(`src/${room}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${room}/${file}`)
    .sort(),
);
let window = 0;
const ranges = files.flatMap((file) => {
  if (step === 1) return [file];
  const lines = readFileSync(file, 'utf8').split('\n').length;
  const taken: string[] = [];
  for (let from = 1; from < lines; from += WINDOW) {
    if (window++ % step === 0) taken.push(`${file}:${from}-${Math.min(lines, from + WINDOW - 1)}`);
  }
  return taken;
});
const { status } = spawnSync('npx', ['stryker', 'run', '--mutate', ranges.join(',')], { stdio: 'inherit' });
process.exit(status ?? 1);
