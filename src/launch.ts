#!/usr/bin/env node
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

// dist/main.js: runs the program, dist/program.js, as V8 compiled it before where that was kept. It is made anew for
// another version of Node or another program, and a start without it is slower, never different.

/** The program's checksum: V8 itself would take what it compiled of any program that is as long. Set by the build. */
declare const PROGRAM_HASH: string;

const SELF = fileURLToPath(import.meta.url);
const DIST = dirname(SELF);
const PROGRAM = join(DIST, 'program.js');
// A start of the server runs other functions than a command, and what was not run was not compiled.
const TAG = cachedDataVersionTag();
const NAME = `${process.argv[2] === 'serve' ? 'serve' : 'command'}-${TAG}.cache`;
/** A server that has not ended after so long has started. */
const SETTLED_MS = 5000;

function launch(): void {
  const kept = keptIn(DIST) ?? keptIn(cacheFolder());
  const script = new Script(fs.readFileSync(PROGRAM, 'latin1'), {
    filename: PROGRAM,
    ...(kept && { cachedData: kept }),
  });
  if (kept === undefined || script.cachedDataRejected === true) keepLater(script);
  const program = script.runInThisContext() as (require: NodeJS.Require, file: string) => void;
  program(createRequire(PROGRAM), PROGRAM);
}

/** Undefined where there is none for this program, where it is damaged, or where others could have written it: it is code. */
function keptIn(folder: string | undefined): Buffer | undefined {
  if (folder === undefined) return undefined;
  let handle: number | undefined;
  try {
    // A pipe of that name would be waited for.
    handle = fs.openSync(join(folder, NAME), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const stats = fs.fstatSync(handle);
    const { uid, mode } = stats;
    const trusted = [0, process.geteuid?.() ?? uid, fs.statSync(PROGRAM).uid];
    if (!stats.isFile() || !trusted.includes(uid) || (mode & 0o022) !== 0) return undefined;
    const file = fs.readFileSync(handle);
    const end = file.indexOf('\n');
    const data = file.subarray(end + 1);
    return file.toString('latin1', 0, end) === headline(data) ? data : undefined;
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}

/** V8 does not look whether what it takes is damaged. */
function headline(data: Buffer): string {
  return `${PROGRAM_HASH} ${crc32(data)}`;
}

/** Once the start is over: what ran until then is compiled, and that is what the next start needs. */
function keepLater(script: Script): void {
  let isKept = false;
  const keep = (): void => {
    if (isKept) return;
    isKept = true;
    // A flag that was set since then would make it useless.
    if (cachedDataVersionTag() === TAG) write(script);
  };
  process.once('exit', keep);
  setTimeout(keep, SETTLED_MS).unref();
}

/** What cannot be written is tried again by the next start. */
function write(script: Script): void {
  const folder = cacheFolder();
  if (folder === undefined) return;
  const draft = join(folder, `.${NAME}-${process.pid}`);
  try {
    const data = script.createCachedData();
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      fs.writeFileSync(draft, Buffer.concat([Buffer.from(`${headline(data)}\n`), data]), { mode: 0o644 });
      fs.renameSync(draft, join(folder, NAME));
    } catch {
      fs.rmSync(draft, { force: true });
    }
  } catch {
    // Not even the folder.
  }
}

/** systemd's for this unit, else this user's own: `sudo` leaves HOME at another one's. */
function cacheFolder(): string | undefined {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME, HOME } = process.env;
  if (CACHE_DIRECTORY) return CACHE_DIRECTORY;
  const home = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  try {
    const isOwn = fs.statSync(XDG_CACHE_HOME || HOME || '').uid === process.geteuid?.();
    return home && isOwn ? join(home, 'pilotlight') : undefined;
  } catch {
    return undefined;
  }
}

launch();
