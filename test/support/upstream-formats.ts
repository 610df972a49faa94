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

interface StreamOptions {
  readonly stream: string;
  readonly version: string;
  readonly rootfs?: boolean;
  readonly arch?: string;
  readonly base?: string;
  /** What the files hold; zeros in their place where nobody fetches them. */
  readonly files?: Readonly<Record<string, Buffer>>;
}

/** A Fedora CoreOS stream. */
export function streamJson(options: StreamOptions): string {
  const { stream, version, arch = 'x86_64', base = 'https://builds.coreos.fedoraproject.org' } = options;
  const entry = (name: string): object => {
    const full = `fedora-coreos-${version}-${name}`;
    const location = `${base}/prod/streams/${stream}/builds/${version}/${arch}/${full}`;
    const data = options.files?.[full];
    return {
      location,
      signature: `${location}.sig`,
      sha256: data === undefined ? '0'.repeat(64) : hex('sha256', data),
    };
  };
  const pxe = {
    kernel: entry(`live-kernel.${arch}`),
    initramfs: entry(`live-initramfs.${arch}.img`),
    ...(options.rootfs === false ? {} : { rootfs: entry(`live-rootfs.${arch}.img`) }),
  };
  const formats = { pxe, 'raw.xz': { disk: entry(`metal.${arch}.raw.xz`) } };
  const artifacts = { metal: { release: version, formats }, qemu: { release: version, formats: {} } };
  const whole = {
    stream,
    metadata: { 'last-modified': '2026-07-20T00:00:00Z' },
    architectures: { [arch]: { artifacts } },
  };
  return JSON.stringify(whole, undefined, 4);
}

/** Debian's Release file, without its signature. `sums`: the digest of each build's SHA256SUMS. */
export function inReleaseText(options: {
  readonly current: string;
  readonly sums: Readonly<Record<string, string>>;
  readonly suite?: string;
  readonly codename?: string;
}): string {
  const builds = { ...options.sums, current: options.sums[options.current] ?? '' };
  const lines = Object.entries(builds).map(
    ([build, digest]) => ` ${digest}    78509 main/installer-amd64/${build}/images/SHA256SUMS\n`,
  );
  return (
    `Origin: Debian\nLabel: Debian\nSuite: ${options.suite ?? 'oldstable'}\nVersion: 12.15\n` +
    `Codename: ${options.codename ?? 'bookworm'}\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nMD5Sum:\n` +
    ` ${'0'.repeat(32)}    78509 main/installer-amd64/current/images/SHA256SUMS\nSHA256:\n` +
    ` ${'9'.repeat(64)}  1484322 contrib/Contents-all\n${lines.join('')}`
  );
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
