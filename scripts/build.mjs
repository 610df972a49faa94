// Builds dist/ from src/: tsc for the code, plain copies for what is not code (schemas, pages, styles).
// With --if-needed nothing is done while dist/ is newer than every source file; with --clean nothing stays of an older dist/.
// With --client DIR only the browser's programs are made, in DIR: what a server needs that runs from src/.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(top, 'src');
const dist = join(top, 'dist');
const stamp = join(dist, 'main.js');

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

/** Each src/admin/web/client/NAME.ts, with what it imports, becomes one NAME.js for browsers. */
function buildClient(outdir) {
  const folder = join(src, 'admin', 'web', 'client');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ts')) : [];
  if (names.length === 0) return;
  buildSync({
    absWorkingDir: top,
    entryPoints: names.map((name) => join(folder, name)),
    outdir,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'eof',
    logLevel: 'warning',
  });
}

const client = process.argv.indexOf('--client');
if (client !== -1) {
  buildClient(process.argv[client + 1]);
  process.exit();
}
const sources = Math.max(
  newest(src),
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) => statSync(join(top, name)).mtimeMs),
);
const fresh = existsSync(stamp) && statSync(stamp).mtimeMs >= sources;
if (!(process.argv.includes('--if-needed') && fresh)) {
  if (process.argv.includes('--clean')) rmSync(dist, { recursive: true, force: true });
  const tsc = join(top, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: top, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
  cpSync(src, dist, {
    recursive: true,
    filter: (from) => statSync(from).isDirectory() || !from.endsWith('.ts'),
  });
  buildClient(join(dist, 'admin', 'web', 'assets'));
  utimesSync(stamp, new Date(), new Date());
}
