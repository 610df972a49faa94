// npm run package:deb -- [--arch amd64|arm64] [--out DIR]: a Debian package that needs no other Node: it brings its own,
// from the npm registry. Runs on any Linux that has dpkg-deb; everything is fetched now, nothing when it is installed.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchPackage, packPackage } from './fetch-package.ts';

const top = join(import.meta.dirname, '..');

/** Which Node, and what its package must be. */
const NODE = {
  version: '24.22.3',
  integrity: {
    amd64: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
    arm64: 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  },
} as const;
type Arch = keyof typeof NODE.integrity;
const CPU: Readonly<Record<Arch, string>> = { amd64: 'x64', arm64: 'arm64' };

function main(): void {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, out: { type: 'string' } } });
  const arch = values.arch ?? 'amd64';
  if (arch !== 'amd64' && arch !== 'arm64') throw new Error('--arch must be amd64 or arm64');
  const work = mkdtempSync(join(tmpdir(), 'pilotlight-deb-'));
  try {
    console.log(packageFor(arch, work, resolve(values.out ?? '.')));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function packageFor(arch: Arch, work: string, out: string): string {
  const root = join(work, 'root');
  const home = join(root, 'usr/lib/pilotlight');
  const docs = join(root, 'usr/share/doc/pilotlight');
  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { version: string };
  program(home, arch, work);
  node(home, docs, arch);
  cpSync(join(home, 'docs'), docs, { recursive: true });
  rmSync(join(home, 'docs'), { recursive: true });

  const put = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  const own = (name: string): string => readFileSync(join(import.meta.dirname, 'debian', name), 'utf8');
  put('usr/bin/pilotlight', own('pilotlight.sh'), 0o755);
  put('etc/default/pilotlight', own('default.env'));
  put('usr/share/doc/pilotlight/copyright', own('copyright'));
  put(
    'usr/share/bash-completion/completions/pilotlight',
    run(process.execPath, [join(home, 'dist/main.js'), 'completion', 'bash']),
  );
  put('usr/share/man/man1/pilotlight.1', readFileSync(join(docs, 'pilotlight.1'), 'utf8'));
  rmSync(join(docs, 'pilotlight.1'));
  put('lib/systemd/system/pilotlight.service', unit());
  put('DEBIAN/conffiles', '/etc/default/pilotlight\n');
  for (const script of ['postinst', 'prerm', 'postrm']) put(`DEBIAN/${script}`, own(`${script}.sh`), 0o755);
  put('DEBIAN/control', control(version, arch, kibibytes(root)));

  const file = join(out, `pilotlight_${version}_${arch}.deb`);
  mkdirSync(out, { recursive: true });
  run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z9', '--build', root, file]);
  return file;
}

/** What npm publishes, with exactly the packages of the lock file, for this processor and glibc alone. */
function program(home: string, arch: Arch, work: string): void {
  const packed = packPackage(top, work);
  mkdirSync(home, { recursive: true });
  run('tar', ['-xzf', packed, '--strip-components=1', '-C', home]);
  cpSync(join(top, 'package-lock.json'), join(home, 'package-lock.json'));
  const platform = ['--os=linux', `--cpu=${CPU[arch]}`, '--libc=glibc'];
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', ...platform], home);
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) rmSync(join(home, file));
  const built = join(home, 'node_modules/@photostructure/sqlite/prebuilds');
  for (const host of readdirSync(built)) {
    if (host !== `linux-${CPU[arch]}`) rmSync(join(built, host), { recursive: true });
  }
  // What koffi is compiled from, and its program for another libc.
  for (const needless of [
    ...['koffi/lib', 'koffi/vendor', 'koffi/doc'],
    `@koromix/koffi-linux-${CPU[arch]}/musl_${CPU[arch]}`,
  ]) {
    rmSync(join(home, 'node_modules', needless), { recursive: true });
  }
}

function node(home: string, docs: string, arch: Arch): void {
  const from = fetchPackage(`node-linux-${CPU[arch]}@${NODE.version}`, NODE.integrity[arch]);
  mkdirSync(join(home, 'bin'));
  mkdirSync(docs, { recursive: true });
  cpSync(join(from, 'bin/node'), join(home, 'bin/node'));
  cpSync(join(from, 'LICENSE'), join(docs, 'LICENSE.node'));
}

/** The unit of the checkout, for this package's places. */
function unit(): string {
  const text = readFileSync(join(import.meta.dirname, 'pilotlight.service'), 'utf8').replace(/^(?:#.*\n)+/, '');
  const changes: readonly (readonly [string, string])[] = [
    ['file:///opt/pilotlight/docs/getting-started.md', 'file:///usr/share/doc/pilotlight/getting-started.md'],
    ['EnvironmentFile=-/etc/pilotlight.env', 'EnvironmentFile=-/etc/default/pilotlight'],
    ['WorkingDirectory=/opt/pilotlight', 'WorkingDirectory=/var/lib/pilotlight'],
    [
      'ExecStart=/usr/bin/node dist/main.js serve',
      'ExecStart=/usr/lib/pilotlight/bin/node /usr/lib/pilotlight/dist/main.js serve',
    ],
  ];
  return changes.reduce((unit, [from, to]) => {
    if (!unit.includes(from)) throw new Error(`scripts/pilotlight.service has no ${from}`);
    return unit.replace(from, to);
  }, text);
}

function control(version: string, arch: Arch, size: number): string {
  return `${[
    'Package: pilotlight',
    `Version: ${version}`,
    `Architecture: ${arch}`,
    'Maintainer: the Pilotlight contributors <pilotlight@localhost>',
    `Installed-Size: ${size}`,
    'Depends: libc6 (>= 2.31), libstdc++6, libgcc-s1, passwd, init-system-helpers',
    'Recommends: ipxe',
    'Section: net',
    'Priority: optional',
    'Description: network boot (iPXE) provisioning server',
    ' One process and one folder of text files: answers DHCP beside an unchanged router,',
    ' hands out iPXE over TFTP and HTTP, boots and installs machines, keeps their images',
    ' current and verified. It brings its own Node.js.',
  ].join('\n')}\n`;
}

function kibibytes(folder: string): number {
  return Number.parseInt(run('du', ['-sk', folder]), 10);
}

function run(command: string, args: readonly string[], cwd = top): string {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
}

main();
