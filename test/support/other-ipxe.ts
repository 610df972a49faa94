import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const top = join(import.meta.dirname, '..', '..');
const cache = join(top, '.cache', 'lab');
const fetcher = join(top, 'scripts', 'lab', 'other-ipxe.sh');

/** Debian 13's iPXE of 2025 runs autoexec.ipxe with the network card closed; its successor has iPXE 2. */
export const OTHER_RELEASES = [
  { release: 'trixie', least: '1.21' },
  { release: 'forky', least: '2.0' },
] as const;

/**
 * A folder with another Debian release's boot programs (`snponly.efi`, `ipxe.efi` ...), fetched at most once per machine
 * into .cache/lab. When it cannot be had: the reason, in one line.
 */
export async function otherIpxe({
  release,
  least,
}: (typeof OTHER_RELEASES)[number]): Promise<{ readonly folder: string } | { readonly reason: string }> {
  return await fetchedOnce(`ipxe-${release}`, fetcher, (draft) => [release, draft, least]);
}

async function fetchedOnce(
  name: string,
  script: string,
  argsFor: (draft: string) => readonly string[],
): Promise<{ readonly folder: string } | { readonly reason: string }> {
  const recipe = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12);
  const folder = join(cache, `${name}-${recipe}`);
  if (existsSync(folder)) return { folder };
  await mkdir(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    await promisify(execFile)(script, [...argsFor(draft)]);
    renameSync(draft, folder);
    return { folder };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    return { reason: `no ${name} (${said.split('\n').at(-1) ?? ''})` };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The same for packages of a release, unpacked; `name` tells them apart in the cache. */
export async function otherPackages(
  name: string,
  ...args: readonly [release: string, arch: 'amd64' | 'arm64', ...packages: string[]]
): Promise<{ readonly folder: string } | { readonly reason: string }> {
  const [release, arch, ...packages] = args;
  return await fetchedOnce(name, join(top, 'scripts', 'lab', 'other-packages.sh'), (draft) => [
    ...[release, arch, draft],
    ...packages,
  ]);
}
