import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyCheckout } from './checkout.ts';

const cache = join(import.meta.dirname, '..', '..', '.cache', 'lab');
const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';

/** A Debian as small as it gets, made by debootstrap, in which packages are installed. Root only. */
export interface DebianRoot extends Disposable {
  readonly path: string;
  /** The words in front of a command that runs inside. */
  readonly enter: readonly string[];
  /** Runs shell lines inside, and stops at the first that fails; what they wrote. `from`: the words that enter a namespace. */
  sh(lines: string, from?: readonly string[]): string;
}

/** Kept in .cache/lab as an archive, so that only the first one is downloaded. */
export function makeDebianRoot(): DebianRoot {
  mkdirSync(cache, { recursive: true });
  const archive = join(cache, `debian-${SUITE}.tar`);
  const path = mkdtempSync(join(tmpdir(), 'pilotlight-debian-'));
  if (existsSync(archive)) execFileSync('tar', ['-xf', archive, '-C', path]);
  else {
    execFileSync('debootstrap', ['--variant=minbase', SUITE, path, MIRROR], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('tar', ['-cf', `${archive}.part`, '-C', path, '.']);
    renameSync(`${archive}.part`, archive);
  }
  // mkdtemp makes it root's alone, and then no other user inside finds so much as its libc.
  chmodSync(path, 0o755);
  copyFileSync('/etc/resolv.conf', join(path, 'etc/resolv.conf'));
  execFileSync('mount', ['-t', 'proc', 'proc', join(path, 'proc')]);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  return {
    path,
    enter: ['chroot', path],
    sh(lines, from) {
      const [command, ...args] = [...(from ?? []), 'chroot', path, 'sh', '-ec', lines];
      return execFileSync(command, args, { cwd: '/', env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    },
    [Symbol.dispose]() {
      execFileSync('umount', [join(path, 'proc')]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Builds the Debian package in a copy of this checkout; its path below `to`. */
export function buildDeb(to: string): string {
  using checkout = copyCheckout({ modules: true });
  const tsx = join(checkout.path, 'node_modules/tsx/dist/cli.mjs');
  const args = [tsx, join(checkout.path, 'scripts/package-deb.ts'), '--out', to];
  const said = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return said.trim().split('\n').at(-1) ?? '';
}
