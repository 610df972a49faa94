// npm run test:nodes: builds and runs the unit tests (which start servers, boot machines and keep journals) on every
// version of Node that Pilotlight is held to, each fetched from the npm registry. The last line counts all of them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFolder, NODES } from './fetch-package.ts';

const top = join(import.meta.dirname, '..');
const HELP = `npm run test:nodes                               all unit tests on Node ${NODES.join(', ')}
npm run test:nodes -- --node 24 [FILTER...]      on the one that begins so; only these tests`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { node: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
  });
  const wanted = values.node ?? NODES;
  const versions = NODES.filter((version) => wanted.some((one) => version === one || version.startsWith(`${one}.`)));
  if (values.help === true || versions.length === 0) {
    console.log(HELP);
    return values.help === true ? 0 : 2;
  }
  let passed = 0;
  let failed = 0;
  for (const version of versions) {
    const counted = testOn(version, positionals);
    passed += counted.passed;
    failed += counted.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

function testOn(version: string, filters: readonly string[]): { passed: number; failed: number } {
  const env = { ...process.env, PATH: `${nodeFolder(version)}:${process.env['PATH'] ?? ''}` };
  const node = (args: readonly string[]): string => {
    const { stdout } = spawnSync('node', args, {
      maxBuffer: 2 ** 28,
      cwd: top,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.stdout.write(stdout);
    return stdout.trimEnd();
  };
  if (node(['--version']) !== `v${version}`) throw new Error(`the node of ${version} is another one`);
  node(['scripts/build.mjs']);
  const said = node(['node_modules/tsx/dist/cli.mjs', 'scripts/test.ts', '--unit', ...filters]);
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(said.split('\n').at(-1) ?? '') ?? [];
  return passed === undefined ? { passed: 0, failed: 1 } : { passed: Number(passed), failed: Number(failed) };
}

process.exitCode = main();
