import { Failure } from '../model/failure.ts';
import { artifactUrl } from '../model/plan.ts';
import type { Arch, Version } from '../model/profile.ts';
import { type ArtifactKind, type ArtifactSpec, type FeedInput, type FeedStep, parseDigest } from '../model/release.ts';
import { artifact, MAX_LIST, readOne, releaseStep, strictChannel, strictVersion } from './feed-steps.ts';
import {
  argument,
  consoles,
  installDisk,
  onShelf,
  type PlanInput,
  requireReadable,
  type System,
  systemShelf,
  versionOf,
  vlanArgs,
} from './system.ts';

const BASE = 'https://builds.coreos.fedoraproject.org';
const KEY_URL = 'https://fedoraproject.org/fedora.gpg';

/** Fedora signs each release with a key of its own; the first number of the version says which. */
const KEYS: Readonly<Record<string, string>> = {
  30: 'F1D8EC98F241AAF20DF69420EF3C111FCFC659B9',
  31: '7D22D5867F2A4236474BF7B850CB390B3C3359C4',
  32: '97A1AE57C3A2372CCA3A4ABA6C13026D12C944D0',
  33: '963A2BEB02009608FE67EA4249FD77499570FF31',
  34: '8C5BA6990BDB26E19F2A1A801161AE6945719A39',
  35: '787EA6AE1147EEE56C40B30CDB4639719867C58F',
  36: '53DED2CB922D8B8D9E63FD18999F7CBF38AB71F4',
  37: 'ACB5EE4E831C74BB7C168D27F55AD3FB5323552A',
  38: '6A51BBABBA3D5467B6171221809A8D7CEB10B464',
  39: 'E8F23996F23218640CB44CBE75CF5AC418B8E74C',
  40: '115DF9AEF857853EE8445D0A0727707EA15B79CC',
  41: '466CF2D8B60BC3057AA9453ED0622462E99D6AD1',
  42: 'B0F4950458F69E1150C6C5EDC8AC4916105EF944',
  43: 'C6E7F081CF80E13146676E88829B606631645531',
  44: '36F612DCF27F7D1A48A835E4DBFCF71C6D9F90A6',
  45: '4F50A6114CD5C6976A7F1179655A4B02F577861E',
};

const FORM = /^\d{2,3}\.\d{8}\.\d{1,3}\.\d{1,5}$/;
/** FEDORA.DATE.STREAM.N: the third number tells the stream. */
const STREAM: Readonly<Record<string, string>> = { stable: '3', testing: '2', next: '1' };
const ARCH = { amd64: 'x86_64', arm64: 'aarch64' } as const;

/** A build's files are signed in one go. */
const SIGNED_WITHIN = 3 * 86_400;

/**
 * Fedora CoreOS, live or installing. The live root file system comes by `coreos.live.rootfs_url` (2 GiB of memory
 * are enough; as a second initramfs it would need 4) and is fetched with HEAD first, by curl in the initramfs.
 * `coreos.inst.*` start the installer, which hands `coreos.inst.ignition_url` to the installed system; a plain http URL is
 * allowed there (coreos-installer-service adds --insecure-ignition). The `ignition.*` arguments beside them are the live
 * system's own: coreos-installer's documentation combines the two on PXE for hooks of the installation
 * (customizing-install.md), and ours is the hook that reports. The image is in the live system (osmet): nothing else is
 * fetched.
 *
 * Its channels: stable, testing, next.
 */
export const fedoraCoreos: System = {
  id: 'fedora-coreos',
  title: 'Fedora CoreOS',
  keys: Object.values(KEYS),
  base: () => BASE,
  start(input) {
    const form = /^(?:stable|testing|next)$/;
    const stream = strictChannel(input.channel, form, 'fedora-coreos', '"stable", "testing" or "next"');
    const document = { url: `${input.mirror ?? BASE}/streams/${stream}.json`, maxBytes: MAX_LIST };
    return readOne(document, (text) => release(input, parseStream(text, input)));
  },
  shelf: systemShelf,
  plan(input) {
    const { profile, origin } = input;
    requireReadable(profile, ['ignition']);
    const folder = systemShelf(profile);
    const names = liveNames(versionOf(profile), profile.arch);
    const rootfs = onShelf(folder, names.rootfs);
    return {
      kernel: onShelf(folder, names.kernel),
      initrds: [onShelf(folder, names.initramfs)],
      extras: [rootfs],
      args: [
        `coreos.live.rootfs_url=${artifactUrl(rootfs, origin)}`,
        ...configuration(input),
        ...consoles(profile),
        ...vlanArgs(input),
        ...profile.kernel_args,
      ],
    };
  },
};

function release(input: FeedInput, found: StreamRelease): FeedStep {
  const { version } = found;
  if (input.version !== undefined && input.version !== version)
    throw new Failure('not-found', `the ${input.channel} stream offers ${version} only, not ${input.version}`, {
      remedy: 'download that release by hand and publish it with `pilotlight images import`',
    });
  const major = Number(version.split('.')[0]);
  const keys = keysOf(input.pinned ?? []);
  const pinned = keys.for(major);
  if (pinned.length === 0)
    throw new Failure('refused', `no key is known for Fedora CoreOS ${version}`, {
      remedy: `look its fingerprint up at https://fedoraproject.org/security and name it in PILOTLIGHT_TRUST_FEDORA_COREOS=${major}:FINGERPRINT`,
    });
  const note = keys.for(major + 1).length > 0 ? undefined : endOfKeys(major + 1, version, input.channel);
  const wanted = found.files.filter((file) => file.kind !== 'install' || input.install);
  return releaseStep(input, 'fedora-coreos', version, {
    // The publisher does not have the keys to offer that stand in the place of its own.
    trust: { pinned, revoked: [], keyUrls: keys.own ? [] : [KEY_URL], legacySha1: input.legacySha1 ?? false },
    artifacts: wanted.map((file) => ({
      ...file,
      url: atMirror(file.url, input.mirror),
      signatureUrls: file.signatureUrls.map((url) => atMirror(url, input.mirror)),
    })),
    redirectHosts: ['.fedoraproject.org'],
    signedWithin: SIGNED_WITHIN,
    notes: note === undefined ? undefined : [note],
  });
}

// A mirror is a copy of the publisher's tree, whose stream still names the publisher's addresses.
function atMirror(url: string, mirror: string | undefined): string {
  return mirror !== undefined && url.startsWith(`${BASE}/`) ? mirror + url.slice(BASE.length) : url;
}

/** The pinned keys, with those that the operator adds (`46:FINGERPRINT`) or puts in the place of all (`FINGERPRINT`). */
function keysOf(named: readonly string[]): { readonly own: boolean; for(major: number): readonly string[] } {
  const own = named.filter((print) => !print.includes(':'));
  return {
    own: own.length > 0,
    for(major) {
      const added = named.flatMap((print) => (print.startsWith(`${major}:`) ? [print.split(':')[1] ?? ''] : []));
      if (added.length > 0 || own.length > 0) return [...added, ...own];
      const key = KEYS[String(major)];
      return key === undefined ? [] : [key];
    },
  };
}

const DAY = 86_400_000;
/** A Fedora appears every half year, the even ones in April; `next` has it two months before. */
const FEDORA_44 = Date.UTC(2026, 3, 14);
const HALF_YEAR = 182.6 * DAY;
const NOTICE = 60 * DAY;

/** Said from two months before the stream moves to a Fedora whose key is not known here. */
function endOfKeys(next: number, version: Version, channel: string): string | undefined {
  const [, year = '', month = '', day = ''] = /^\d+\.(\d{4})(\d{2})(\d{2})\./.exec(version) ?? [];
  const moves = FEDORA_44 + (next - 44) * HALF_YEAR - (channel === 'next' ? 60 * DAY : 0);
  // The version's own date stands for today: builds come every two weeks.
  if (Date.UTC(Number(year), Number(month) - 1, Number(day)) < moves - NOTICE) return undefined;
  return `the next release may be of Fedora ${next}, whose key is not known here: look its fingerprint up at https://fedoraproject.org/security and name it in PILOTLIGHT_TRUST_FEDORA_COREOS=${next}:FINGERPRINT`;
}

interface StreamRelease {
  readonly version: Version;
  readonly files: readonly ArtifactSpec[];
}

const PARTS = [
  ['pxe', 'kernel', 'kernel', true],
  ['pxe', 'initramfs', 'initrd', true],
  // Streams from before August 2020 have none: the system was in the initramfs then.
  ['pxe', 'rootfs', 'rootfs', false],
  ['raw.xz', 'disk', 'install', false],
] as const;

/**
 * Reads a stream's JSON. File names are taken from `location`, never built: the kernel's changed from
 * `...-live-kernel-x86_64` to `...-live-kernel.x86_64` in April 2025. Throws Failure `refused`.
 */
export function parseStream(text: string, asked: Pick<FeedInput, 'channel' | 'arch'>): StreamRelease {
  const stream = json(text);
  if (get(stream, 'stream') !== asked.channel) throw nonsense(`is not the ${asked.channel} stream`);
  const metal = get(stream, 'architectures', ARCH[asked.arch], 'artifacts', 'metal');
  const release = get(metal, 'release');
  const version = strictVersion(typeof release === 'string' ? release : undefined, FORM, 'the Fedora CoreOS stream');
  if (version.split('.')[2] !== STREAM[asked.channel]) throw nonsense(`offers ${version}, which is of another stream`);
  const files = PARTS.flatMap(([format, part, kind, needed]) => {
    const entry = get(metal, 'formats', format, part);
    if (entry === undefined && !needed) return [];
    return [streamFile(entry, kind, version)];
  });
  return { version, files };
}

function streamFile(entry: unknown, kind: ArtifactKind, version: Version): ArtifactSpec {
  const location = httpUrl(get(entry, 'location'));
  const name = location.slice(location.lastIndexOf('/') + 1);
  const digest = get(entry, 'sha256');
  const sha256 = typeof digest === 'string' ? parseDigest(digest, 'sha256') : undefined;
  // One release's kernel with another's initramfs would each have a good signature.
  if (sha256 === undefined || !name.includes(version))
    throw nonsense(`describes the ${kind} of ${version} in a way that is not known`);
  return artifact(name, {
    url: location,
    kind,
    digests: { sha256 },
    signatureUrls: [httpUrl(get(entry, 'signature'))],
  });
}

function httpUrl(value: unknown): string {
  if (typeof value === 'string' && /^https?:\/\/[\x21-\x7e]{1,1000}$/.test(value) && !/[?#]/.test(value)) return value;
  throw nonsense('names an address that is none');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw nonsense('is not JSON', cause);
  }
}

function get(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

function nonsense(what: string, cause?: unknown): Failure {
  return new Failure('refused', `the Fedora CoreOS stream ${what}`, {
    remedy: 'look at that address with a browser; a proxy or a captive portal may answer in its place',
    cause,
  });
}

function configuration({ profile, documents, install }: PlanInput): string[] {
  const disk = installDisk(profile);
  if (disk === undefined) return live(documents.ignition);
  return [
    `coreos.inst.install_dev=${disk}`,
    ...argument('coreos.inst.ignition_url', documents.ignition),
    // A machine that asks by the profile's name alone is not known, so it has no report to make.
    ...live(install?.ignition),
  ];
}

/** PXE is always "metal", also in a virtual machine: other platforms look for their configuration elsewhere. */
function live(ignition: string | undefined): string[] {
  if (ignition === undefined) return [];
  return ['ignition.firstboot', 'ignition.platform.id=metal', `ignition.config.url=${ignition}`];
}

/**
 * The publisher's file names. The kernel was `-live-kernel-x86_64` until the builds of April 2025 and is
 * `-live-kernel.x86_64` since (42.20250410.3.1 is the first stable one). A version carries its build date
 * (FEDORA.YYYYMMDD.STREAM.N), so the date decides; without one the new name is taken.
 */
function liveNames(version: string, arch: Arch): { kernel: string; initramfs: string; rootfs: string } {
  const machine = ARCH[arch];
  const date = /^\d+\.(\d{8})\./.exec(version)?.[1];
  const before = `fedora-coreos-${version}-live`;
  const dash = date !== undefined && date < '20250401';
  return {
    kernel: `${before}-kernel${dash ? '-' : '.'}${machine}`,
    initramfs: `${before}-initramfs.${machine}.img`,
    rootfs: `${before}-rootfs.${machine}.img`,
  };
}
