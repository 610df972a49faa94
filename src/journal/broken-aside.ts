import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const KEPT = 2;
/** What SQLite keeps beside a database: they belong together. */
const PARTS = ['', '-wal', '-shm'];

/** A damaged database was put aside: under which name, and which older ones made room. */
export interface Aside {
  readonly name: string;
  readonly removed: readonly string[];
}

/** Renames a damaged database so that a new one can begin and somebody can look at the old one. The last two stay. */
export function moveAside(file: string, now: number): Aside {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const name = freeName(file, `${basename(file)}.broken-${stamp}`);
  for (const part of PARTS) {
    if (existsSync(file + part)) renameSync(file + part, join(dirname(file), name + part));
  }
  return { name, removed: removeOld(file, name) };
}

function freeName(file: string, wanted: string): string {
  let name = wanted;
  for (let n = 2; existsSync(join(dirname(file), name)); n += 1) name = `${wanted}-${n}`;
  return name;
}

function removeOld(file: string, newest: string): readonly string[] {
  const folder = dirname(file);
  const all = readdirSync(folder).filter(
    (name) => name.startsWith(`${basename(file)}.broken-`) && !/-(?:wal|shm)$/.test(name) && name !== newest,
  );
  const old = all.sort().slice(0, Math.max(0, all.length - (KEPT - 1)));
  for (const name of old) for (const part of PARTS) rmSync(join(folder, name + part), { force: true });
  return old;
}
