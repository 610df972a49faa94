// npm test: the gates, then every test that this machine can run, and what was left out and why. The last line is
// `N passed, N failed`; gates count as one each. With PILOTLIGHT_REQUIRE_ALL=1 what is left out has failed.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gates, type Gate } from './test/gates.ts';
import { failure, leftOutLines, requireAll, sum, tally, type Tally, type VitestReport } from './test/report.ts';
import { runLive, runQuiet } from './test/run.ts';

const top = join(import.meta.dirname, '..');
const HELP = `npm test                       gates, unit tests and the boot lab
npm test -- --gates            only the gates (npm run check)
npm test -- --reference        only the tests against data that is not part of the project
npm test -- --unit [FILTER...] only unit tests, for example: npm test -- --unit test/catalog
npm test -- --lab [FILTER...]  only the boot lab
npm run lab:all                all of the boot lab, with what takes too long for each run; a line for each boot
npm run lab:all -- FILE...     files of it alone
npm run lab:all -- --rows 1-12 rows of the table of boots alone (docs/network.md, counted along the lines)`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      gates: { type: 'boolean' },
      unit: { type: 'boolean' },
      lab: { type: 'boolean' },
      all: { type: 'boolean' },
      rows: { type: 'string' },
      reference: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (values.rows !== undefined && !/^[1-9]\d*-[1-9]\d*$/.test(values.rows)) {
    console.error(`--rows wants FIRST-LAST, for example 1-12, not "${values.rows}"`);
    return 2;
  }
  const projects = (['unit', 'lab', 'reference'] as const).filter((name) => values[name] === true);
  const everything = projects.length === 0 && values.gates !== true;
  if (projects.includes('reference')) findReference();
  const tallies: Tally[] = [];
  if (everything || values.gates === true) for (const gate of gates(top)) tallies.push(await passGate(gate));
  if (everything || projects.length > 0) {
    tallies.push(
      await runTests(
        everything ? ['unit', 'lab'] : projects,
        values.all === true ? longLab(values.rows, positionals) : positionals,
      ),
    );
  }
  if (values.all === true && values.rows === undefined && positionals.length === 0) {
    // Images are tested in both ways each time; TFTP and DHCP here a second time, with libc.
    process.env['PILOTLIGHT_TEST_NATIVE'] = 'on';
    tallies.push(await runTests(['unit'], ['test/tftp/', 'test/dhcp/']));
  }
  const whole = sum(tallies);
  for (const line of [...leftOutLines(whole), ...whole.failures]) console.log(line);
  const { passed, failed } = process.env['PILOTLIGHT_REQUIRE_ALL'] === '1' ? requireAll(whole) : whole;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** What the long lab gives vitest. A boot has a line of its own: the whole takes an hour and more. */
function longLab(rows: string | undefined, files: readonly string[]): readonly string[] {
  process.env['PILOTLIGHT_LAB_ALL'] = '1';
  if (rows !== undefined) process.env['PILOTLIGHT_LAB_ROWS'] = rows;
  if (rows !== undefined) return ['--reporter=verbose', 'test/lab/boot-matrix.test.ts'];
  return ['--reporter=verbose', ...(files.length === 0 ? ['test/lab/'] : files)];
}

/** Copies of the publishers' own feeds, keys and signatures may lie beside the checkout. */
function findReference(): void {
  const beside = join(top, '..', 'shared', 'reference');
  if (process.env['REFERENCE_DIR'] === undefined && existsSync(beside)) process.env['REFERENCE_DIR'] = beside;
}

async function passGate(gate: Gate): Promise<Tally> {
  const { code, output, seconds } = await runQuiet(gate.command, gate.args, top);
  const leftOut = code === 'missing' && gate.optional === true;
  const verdict = leftOut ? `left out: no ${gate.command}` : code === 0 ? 'ok' : 'FAILED';
  console.log(`${gate.name.padEnd(14)} ${verdict} (${seconds.toFixed(1)} s)`);
  if (leftOut) return { passed: 0, failed: 0, failures: [], leftOut: new Map([[`no ${gate.command}`, 1]]) };
  if (code === 0) return { passed: 1, failed: 0, failures: [], leftOut: new Map() };
  console.log(output);
  return { passed: 0, failed: 1, failures: [failure(`gate ${gate.name}`)], leftOut: new Map() };
}

async function runTests(projects: readonly string[], filters: readonly string[]): Promise<Tally> {
  const work = mkdtempSync(join(tmpdir(), 'pilotlight-test-'));
  const file = join(work, 'report.json');
  const args = [
    'run',
    ...projects.flatMap((name) => ['--project', name]),
    ...(filters.includes('--reporter=verbose') ? [] : ['--reporter=default']),
    ...['--reporter=json', `--outputFile.json=${file}`],
    ...filters,
  ];
  try {
    const code = await runLive(join(top, 'node_modules', '.bin', 'vitest'), args, top);
    const counted = tally(JSON.parse(readFileSync(file, 'utf8')) as VitestReport);
    // Something outside any test failed: an unhandled error, a hook, no test found.
    if (code === 0 || counted.failed > 0) return counted;
    return { ...counted, failed: 1, failures: [failure('outside any test: see what vitest printed')] };
  } catch (error) {
    console.error(`vitest left no report: ${String(error)}`);
    return { passed: 0, failed: 1, failures: [failure('vitest left no report', String(error))], leftOut: new Map() };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

process.exitCode = await main();
