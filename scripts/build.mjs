// Builds dist/ from src/: the program as one file that V8 has compiled already, and what is not code (schemas, pages, styles).
// With --if-needed nothing is done while dist/ is newer than every source file; with --clean nothing stays of an older dist/.
// With --client DIR only the browser's programs are made, in DIR: what a server needs that runs from src/.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build, buildSync } from 'esbuild';
import { compiledSchemas } from './compiled-schemas.mjs';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(top, 'src');
const dist = join(top, 'dist');
const main = join(dist, 'main.js');

async function makeAll() {
  if (process.argv.includes('--clean')) fs.rmSync(dist, { recursive: true, force: true });
  for (const path of fs.readdirSync(src, { recursive: true })) {
    if (fs.statSync(join(src, path)).isFile() && !/\.ts$|tsconfig\.json$/.test(path))
      fs.cpSync(join(src, path), join(dist, path));
  }
  buildClient(join(dist, 'admin', 'web', 'assets'));
  await buildPrograms();
  await warmUp();
  fs.utimesSync(main, new Date(), new Date());
}

/**
 * One file for the program, one for each thread, and the small one that starts the program. Parts of them are
 * not run before they are needed, as import() in the sources says.
 */
async function buildPrograms() {
  const shared = { plugins: [await compiledSchemas(top), placesOfSources], inject: [join(src, 'mapped-stacks.ts')] };
  await bundle({
    ...{ ...shared, entryPoints: { program: 'src/main.ts' } },
    banner: { js: `(function (require, __filename) { 'use strict'; ${places('./')}` },
    footer: { js: '})' },
  });
  const threads = {
    'journal/worker': 'src/journal/worker.ts',
    'tftp/worker': 'src/tftp/worker.ts',
    'native/sender-thread': 'src/native/sender-thread.ts',
    'native/doorbell-thread': 'src/native/doorbell-thread.ts',
  };
  await bundle({ ...shared, entryPoints: threads, banner: { js: `'use strict'; ${places('../')}` } });
  const hash = createHash('sha256')
    .update(fs.readFileSync(join(dist, 'program.js')))
    .digest('hex')
    .slice(0, 32);
  const define = { ...DEFINE, PROGRAM_HASH: JSON.stringify(hash) };
  await bundle({ entryPoints: { main: 'src/launch.ts' }, banner: { js: places('./') }, define, sourcemap: false });
  // That of the checkout says that every .js is a module.
  fs.writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
}

async function bundle(options) {
  const { warnings } = await build({
    ...{ absWorkingDir: top, outdir: dist, bundle: true, platform: 'node', target: 'node20', format: 'cjs' },
    // The other way jsonc-parser fails at run time.
    mainFields: ['module', 'main'],
    // Two with a program for each processor, and a table that is read as a file.
    external: ['@photostructure/sqlite', 'koffi', 'oui-data'],
    // import() of those would be asked of a file that is not where Node looks from.
    supported: { 'dynamic-import': false },
    define: DEFINE,
    ...{ sourcemap: 'linked', sourcesContent: false, legalComments: 'eof', logLevel: 'warning' },
    ...options,
  });
  if (warnings.length > 0) process.exit(1);
}

/** What lies beside a source file lies in dist/ at the same place: `import.meta.url` is where the file would be there. */
const DEFINE = { 'import.meta.url': '__program' };
const places = (dist) =>
  `const __program = require('node:url').pathToFileURL(__filename).href, __dist = new URL('${dist}', __program).href;`;
const placesOfSources = {
  name: 'places-of-sources',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => {
      const text = fs.readFileSync(path, 'utf8');
      const place = relative(src, path).replaceAll(sep, '/').replace(/\.ts$/, '.js');
      if (!place.includes('/') || !text.includes('import.meta.url')) return undefined;
      return { loader: 'ts', contents: text.replaceAll('import.meta.url', `(__dist + ${JSON.stringify(place)})`) };
    });
  },
};

const client = join(src, 'admin', 'web', 'client');

/** Each program of src/admin/web/client/, with what it imports, becomes one NAME.js for browsers. */
function buildClient(outdir) {
  const license = fs.readFileSync(join(top, 'node_modules', '@codemirror', 'view', 'LICENSE'), 'utf8');
  buildSync({
    absWorkingDir: top,
    entryPoints: [join(client, 'editor.ts')],
    outdir,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    banner: { js: `/*! With CodeMirror 6 and Lezer:\n${license}*/` },
    legalComments: 'eof',
    logLevel: 'warning',
  });
}

/** A command and a server that starts and stops: each leaves in dist/ what V8 compiled of it. Not needed, so never a fault. */
async function warmUp() {
  for (const name of fs.readdirSync(dist)) if (name.endsWith('.cache')) fs.rmSync(join(dist, name));
  const dir = fs.mkdtempSync(join(tmpdir(), 'pilotlight-build-'));
  try {
    for (const words of [['init', dir, '--system', 'flatcar'], ['check'], ['serve']]) await warm(words, dir);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

async function warm(words, dir) {
  const env = { PATH: process.env.PATH, PILOTLIGHT_DATA_DIR: dir, PILOTLIGHT_HTTP_LISTEN: '127.0.0.1:0' };
  const off = { PILOTLIGHT_TFTP_LISTEN: 'off', PILOTLIGHT_SYNC: 'off', PILOTLIGHT_LOG_FORMAT: 'json' };
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...env, ...off, CACHE_DIRECTORY: words[0] === 'init' ? '' : dist },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"pilotlight serves"')) continue;
    const { port } = JSON.parse(line).http;
    for (const path of ['/healthz', '/ipxe?mac=52:54:00:00:00:01']) await fetch(`http://127.0.0.1:${port}${path}`);
    child.kill('SIGTERM');
  }
  await ended;
}

function newest(folder) {
  let latest = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : fs.statSync(path).mtimeMs);
  }
  return latest;
}

function isFresh() {
  const own = ['package.json', 'scripts/build.mjs', 'scripts/compiled-schemas.mjs'];
  const sources = Math.max(newest(src), ...own.map((name) => fs.statSync(join(top, name)).mtimeMs));
  return fs.existsSync(main) && fs.statSync(main).mtimeMs >= sources;
}

const asked = process.argv.indexOf('--client');
if (asked !== -1) buildClient(process.argv[asked + 1]);
else if (!process.argv.includes('--if-needed') || !isFresh()) await makeAll();
