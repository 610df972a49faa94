import { createHash } from 'node:crypto';

// The publishers' formats, written anew from their descriptions.

export function hex(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512', data: Buffer | string): string {
  return createHash(algorithm).update(data).digest('hex');
}

/** version.txt of Container Linux and Flatcar: seven lines. */
export function versionTxt(prefix: 'FLATCAR' | 'COREOS', version: string): string {
  const [build = '', branch = '', patch = ''] = version.split('.');
  const values = { BUILD: build, BRANCH: branch, PATCH: patch, VERSION: version, VERSION_ID: version };
  const lines = Object.entries(values).map(([name, value]) => `${prefix}_${name}=${value}\n`);
  return `${lines.join('')}${prefix}_BUILD_ID="2026-08-13-1548"\n${prefix}_SDK_VERSION=${build}.0.0\n`;
}

/** A .DIGESTS file: MD5, SHA1 and SHA512 of each file, never SHA256. */
export function digestsText(files: Readonly<Record<string, Buffer>>): string {
  return Object.entries(files)
    .flatMap(([name, data]) =>
      (['md5', 'sha1', 'sha512'] as const).map((one) => `# ${one.toUpperCase()} HASH\n${hex(one, data)}  ${name}\n`),
    )
    .join('');
}

/**
 * coreos_production_pxe.sh, as far as its variables go: the script that starts QEMU, which mirrors without version.txt
 * have.
 */
export function pxeScript(version: string): string {
  const lines = [
    '#!/bin/sh',
    '',
    'SCRIPT_DIR="`dirname "$0"`"',
    "VM_BOARD='amd64-usr'",
    `VM_NAME='coreos_production_pxe-${version.replaceAll('.', '-')}'`,
    'VM_UUID=',
    'VM_IMAGE=',
    "VM_KERNEL='coreos_production_pxe.vmlinuz'",
    "VM_INITRD='coreos_production_pxe_image.cpio.gz'",
    "VM_MEMORY='1024'",
    'VM_CDROM=',
    'VM_PFLASH_RO=',
    'VM_PFLASH_RW=',
    'VM_NCPUS="`grep -c ^processor /proc/cpuinfo`"',
    'SSH_PORT=2222',
    'SSH_KEYS=""',
    'CLOUD_CONFIG_FILE=""',
    'IGNITION_CONFIG_FILE=""',
    'CONFIG_IMAGE=""',
    'SAFE_ARGS=0',
  ];
  return `${lines.join('\n')}\n`;
}

interface StreamOptions {
  readonly stream: string;
  readonly version: string;
  readonly rootfs?: boolean;
  readonly base?: string;
  /** What the files hold; zeros in their place where none fetches them. */
  readonly files?: Readonly<Record<string, Buffer>>;
}

/** A Fedora CoreOS stream: four architectures, each with platforms that we do not ask for beside `metal`. */
export function streamJson(options: StreamOptions): string {
  const { stream, version, base = 'https://builds.coreos.fedoraproject.org' } = options;
  const architecture = (arch: string): object => {
    const entry = (name: string, compressed = false): object => {
      const full = `fedora-coreos-${version}-${name}`;
      const location = `${base}/prod/streams/${stream}/builds/${version}/${arch}/${full}`;
      const data = options.files?.[full];
      return {
        location,
        signature: `${location}.sig`,
        sha256: data === undefined ? '0'.repeat(64) : hex('sha256', data),
        ...(compressed ? { 'uncompressed-sha256': '1'.repeat(64) } : {}),
      };
    };
    const pxe = {
      kernel: entry(`live-kernel.${arch}`),
      initramfs: entry(`live-initramfs.${arch}.img`),
      ...(options.rootfs === false ? {} : { rootfs: entry(`live-rootfs.${arch}.img`) }),
    };
    const metal = {
      '4k.raw.xz': { disk: entry(`metal4k.${arch}.raw.xz`, true) },
      iso: { disk: entry(`live-iso.${arch}.iso`) },
      pxe,
      'raw.xz': { disk: entry(`metal.${arch}.raw.xz`, true) },
    };
    const qemu = { 'qcow2.xz': { disk: entry(`qemu.${arch}.qcow2.xz`, true) } };
    const artifacts = { metal: { release: version, formats: metal }, qemu: { release: version, formats: qemu } };
    return { artifacts, images: { gcp: { release: version, project: 'fedora-coreos-cloud' } } };
  };
  const metadata = {
    'last-modified': '2026-07-20T00:00:00Z',
    generator: 'fedora-coreos-stream-generator v0.2.19',
  };
  const names = ['aarch64', 'ppc64le', 's390x', 'x86_64'];
  const architectures = Object.fromEntries(names.map((arch) => [arch, architecture(arch)]));
  return JSON.stringify({ stream, metadata, architectures }, undefined, 4);
}

/** Debian's Release file, without its signature. `sums`: the digest of each build's SHA256SUMS. */
export function inReleaseText(options: {
  readonly current: string;
  readonly sums: Readonly<Record<string, string>>;
  readonly suite?: string;
  readonly codename?: string;
}): string {
  const { suite = 'oldstable', codename = 'bookworm' } = options;
  const builds = { ...options.sums, current: options.sums[options.current] ?? '' };
  const installer = (digit: string, sums: (build: string) => string): readonly string[] =>
    // Sorted as paths are: `+` comes before `/`.
    Object.keys(builds)
      .sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1))
      .flatMap((build) => {
        const folder = `main/installer-amd64/${build}/images`;
        return [
          `${digit.padEnd(sums(build).length, digit)}    58561 ${folder}/MD5SUMS`,
          `${sums(build)}    78509 ${folder}/SHA256SUMS`,
        ];
      });
  const lines = [
    ...['Origin: Debian', 'Label: Debian', `Suite: ${suite}`, 'Version: 12.15', `Codename: ${codename}`],
    'Changelogs: https://metadata.ftp-master.debian.org/changelogs/@CHANGEPATH@_changelog',
    'Date: Sat, 11 Jul 2026 10:16:37 UTC',
    ...['Acquire-By-Hash: yes', 'No-Support-for-Architecture-all: Packages'],
    'Architectures: all amd64 arm64 armel armhf i386 mips64el mipsel ppc64el s390x',
    'Components: main contrib non-free-firmware non-free',
    'Description: Debian 12.15 Released 11 July 2026',
    'MD5Sum:',
    ` ${'9'.repeat(32)}  1484322 contrib/Contents-all`,
    ...installer('8', () => '0'.repeat(32)).map((line) => ` ${line}`),
    'SHA256:',
    ` ${'9'.repeat(64)}  1484322 contrib/Contents-all`,
    ...installer('8', (build) => builds[build as keyof typeof builds]).map((line) => ` ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The list of an installer build's files: several are called `linux`. */
export function debianSums(digests: { readonly linux: string; readonly initrd: string }): string {
  return [
    `${'c'.repeat(64)}  ./cdrom/vmlinuz`,
    `${'d'.repeat(64)}  ./netboot/gtk/debian-installer/amd64/linux`,
    `${digests.linux}  ./netboot/debian-installer/amd64/linux`,
    `${digests.initrd}  ./netboot/debian-installer/amd64/initrd.gz`,
    '',
  ].join('\n');
}

/**
 * Ubuntu's list, in binary mode (` *`): desktop, live server and WSL of each point release, and no netboot archive.
 * Other architectures are on cdimage.ubuntu.com, whose list has their preinstalled images beside the live servers.
 */
export function ubuntuSums(
  versions: readonly string[],
  arch: string,
  files: Readonly<Record<string, Buffer>> = {},
): string {
  const names = versions.flatMap((version) => ubuntuNames(version, arch));
  return names
    .sort()
    .map((name) => `${hex('sha256', files[name] ?? name)} *${name}\n`)
    .join('');
}

function ubuntuNames(version: string, arch: string): readonly string[] {
  if (arch === 'amd64')
    return ['desktop-amd64.iso', 'live-server-amd64.iso', 'wsl-amd64.wsl'].map((name) => `ubuntu-${version}-${name}`);
  const others = ['arm64', 'ppc64el', 'riscv64', 's390x'].map((one) => `live-server-${one}.iso`);
  return [...others, 'preinstalled-server-arm64+raspi.img.xz'].map((name) => `ubuntu-${version}-${name}`);
}
