import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '..', '.cache', 'packages');

/** The versions of Node that Pilotlight is held to; the lowest is that of "engines" in package.json. */
export const NODES = ['20.19.6', '22.23.5', '24.22.3', '26.12.1'] as const;

/**
 * A published package, unpacked, without what it depends on: NAME@VERSION, where nothing of it is run. Kept in
 * .cache/packages. npm checks what comes against the registry's digest; `integrity` is one that we wrote down ourselves.
 */
export function fetchPackage(spec: string, integrity?: string): string {
  const folder = join(cache, spec.replace(/^@/, '').replaceAll('/', '-'));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    const file = packPackage(spec, draft);
    const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (integrity !== undefined && digest !== integrity) throw new Error(`${spec} is not what it was: it is ${digest}`);
    const unpacked = join(draft, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', file, '--strip-components=1', '-C', unpacked]);
    renameSync(unpacked, folder);
    return folder;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The folder with that Node's `node`, to put in front of PATH. */
export function nodeFolder(version: string): string {
  return join(fetchPackage(`node-linux-${process.arch}@${version}`), 'bin');
}

/** A folder, or a published package, as npm's archive; its path. */
export function packPackage(what: string, to: string): string {
  const args = ['pack', '--json', '--pack-destination', to, what];
  const said = execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  // What a build writes comes before.
  const [packed] = JSON.parse(said.slice(said.search(/^\[$/m))) as readonly { readonly filename: string }[];
  if (packed === undefined) throw new Error(`npm has packed nothing of ${what}`);
  return join(to, packed.filename);
}
