import { Failure } from '../model/failure.ts';
import type { Plan } from '../model/plan.ts';
import type { Profile, Version } from '../model/profile.ts';
import type { FeedInput, FeedStep, ReleaseSpec, Trust } from '../model/release.ts';
import {
  artifact,
  MAX_TEXT,
  reading,
  readOne,
  releaseStep,
  strictChannel,
  strictVersion,
  trusting,
} from './feed-steps.ts';
import {
  argument,
  consoles,
  installation,
  onShelf,
  requireReadable,
  sshKey,
  type System,
  systemShelf,
  vlanArgs,
} from './system.ts';

/**
 * What Container Linux and Flatcar, which continued it, have in common: the layout of the download servers, and the build
 * scripts that name the files and write version.txt, .sig and .DIGESTS.
 */
type ContainerLinux = 'coreos' | 'flatcar';

/** BUILD.BRANCH.PATCH. Unofficial builds (`3510.2.5+nightly`) are not releases. */
export const BUILD_VERSION = /^\d{1,5}\.\d{1,4}\.\d{1,4}$/;

/** `amd64-usr`, `arm64-usr`. */
export function board({ arch }: Pick<FeedInput, 'arch'>): string {
  return `${arch}-usr`;
}

/** The version in version.txt. Throws Failure `refused`. */
export function versionIn(text: string, system: 'CoreOS' | 'Flatcar'): Version {
  return strictVersion(shellValue(text, `${system.toUpperCase()}_VERSION`), BUILD_VERSION, `version.txt of ${system}`);
}

/**
 * The value of the one line `NAME=value` of version.txt. The file is in shell's syntax with optional quotes; nothing of
 * it is ever run. Undefined unless there is exactly one such line.
 */
export function shellValue(text: string, name: string): string | undefined {
  const values = text.split(/\r?\n/).filter((line) => line.startsWith(`${name}=`));
  const value = values[0]?.slice(name.length + 1);
  return values.length === 1 ? value?.replace(/^(["'])(.*)\1$/, '$2') : undefined;
}

/** A file of a release's folder on the download server. */
export interface LayoutFile {
  readonly name: string;
  readonly kind: 'kernel' | 'initrd' | 'install';
  readonly optional?: boolean;
  /** Names under which its signature and its digests may be published, the likeliest first; else its own. */
  readonly signedAs?: readonly string[];
  readonly digestsIn?: readonly { readonly list: string; readonly entry: string }[];
}

interface Publisher extends Omit<Trust, 'legacySha1'> {
  readonly system: ContainerLinux;
  /** Its folder below images/, without the version. */
  readonly shelf: string;
  /** What is fetched to boot from the network. */
  readonly pxe: readonly LayoutFile[];
}

/** A release out of its numbered folder on the server: never out of `current`, which moves. */
export function layoutRelease(
  input: FeedInput,
  { system, shelf, pxe, ...trust }: Publisher,
  version: Version,
  folder: string,
  more: Partial<ReleaseSpec>,
): FeedStep {
  const files = input.install ? [...pxe, ...INSTALL(system)] : pxe;
  return releaseStep(input, system, version, {
    shelf: `${shelf}/${version}`,
    trust: trusting(input, trust),
    artifacts: files.map(({ name, kind, optional, signedAs = [name], digestsIn = [{ list: name, entry: name }] }) =>
      artifact(name, {
        url: `${folder}/${name}`,
        kind,
        optional,
        signatureUrls: signedAs.map((signed) => `${folder}/${signed}.sig`),
        // These files hold MD5, SHA-1 and SHA-512; there is no SHA-256 in them.
        digestLists: digestsIn.map(({ list, entry }) => ({
          url: `${folder}/${list}.DIGESTS`,
          algorithm: 'sha512',
          format: 'digests',
          entry,
        })),
      }),
    ),
    ...more,
  });
}

/** What `coreos-install` and `flatcar-install` fetch. */
const INSTALL = (system: ContainerLinux): readonly LayoutFile[] => [
  { name: `${system}_production_image.bin.bz2`, kind: 'install' },
  { name: `${system}_production_OEM_image.bin.bz2`, kind: 'install', optional: true },
];

/** What a machine fetches; and what its installer does, with the signature that it checks. */
export function pxeFiles(system: ContainerLinux, folder: string, installs: boolean): Omit<Plan, 'args'> {
  const image = `${system}_production_image.bin.bz2`;
  return {
    kernel: onShelf(folder, `${system}_production_pxe.vmlinuz`),
    initrds: [onShelf(folder, `${system}_production_pxe_image.cpio.gz`)],
    extras: installs ? [onShelf(folder, image), onShelf(folder, `${image}.sig`)] : [],
  };
}

const PUBLISHER = {
  pinned: ['F88CFEDEFF29A5B4D9523864E25D9AED0593B34A'],
  // Revoked in 2018, the second as compromised.
  revoked: ['1E100DD7A677A6F9A532C9F9B51DE377064D542D', 'A621F1DA96C93C639506832D603443A1D0FC498C'],
  keyUrls: ['https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc'],
};
const REDIRECT_HOSTS = ['.release.flatcar-linux.net', 'flatcar.cdn.cncf.io'];

/**
 * Flatcar Container Linux. Ignition (spec 3, or 2.x which it translates) by `ignition.config.url` and
 * `flatcar.first_boot=1`: never `detected`, which would also clear a flag on a disk that PXE does not have.
 * `cloud-config-url` still works. Both may be given: Ignition runs first, in the initramfs.
 *
 * There is no kernel argument that installs: a live system with an Ignition of ours runs flatcar-install, which gives
 * the profile's documents to the disk. `root` would be that disk, so it is left out.
 *
 * Its channels: stable, beta, alpha, edge, lts (the newest supported year) and lts-YEAR.
 */
export const flatcar: System = {
  id: 'flatcar',
  title: 'Flatcar Container Linux',
  keys: PUBLISHER.pinned,
  base: (channel) => `https://${series(channel)}.release.flatcar-linux.net`,
  start(input) {
    const channel = strictChannel(
      input.channel,
      /^(?:stable|beta|alpha|edge|lts|lts-20\d\d)$/,
      'flatcar',
      '"stable", "beta", "alpha", "edge", "lts" or "lts-2024"',
    );
    // One mirror serves all channels, as flatcar.cdn.cncf.io does: MIRROR/stable/amd64-usr/...
    const base = input.mirror === undefined ? flatcar.base(channel) : `${input.mirror}/${series(channel)}`;
    if (input.version !== undefined)
      return numbered(input, base, strictVersion(input.version, BUILD_VERSION, '"version"'));
    if (channel !== 'lts')
      return current(input, base, channel.replace(/^lts-/, 'current-').replace(/^[a-z]+$/, 'current'));
    return read(`${base}/lts-info`, (text) => current(input, base, `current-${newestLtsYear(text)}`));
  },
  shelf: systemShelf,
  plan(input) {
    const { profile, documents } = input;
    requireReadable(profile, ['ignition', 'cloud_config']);
    const install = installation(input);
    const ignition = install?.ignition ?? documents.ignition;
    return {
      ...pxeFiles('flatcar', systemShelf(profile), install !== undefined),
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...(ignition === undefined ? [] : ['flatcar.first_boot=1', `ignition.config.url=${ignition}`]),
        ...argument('cloud-config-url', install === undefined ? documents.cloud_config : undefined),
        ...autologin(profile),
        ...sshKey(input),
        ...argument('root', install === undefined ? profile.root : undefined),
        ...vlanArgs(input),
        ...profile.kernel_args,
      ],
    };
  },
};

function current(input: FeedInput, base: string, pointer: string): FeedStep {
  // Resolved once; everything else comes from the numbered directory, because `current` moves under one's hands.
  return read(`${base}/${board(input)}/${pointer}/version.txt`, (text) =>
    numbered(input, base, versionIn(text, 'Flatcar')),
  );
}

function read(url: string, next: (text: string) => FeedStep): FeedStep {
  return readOne({ url, maxBytes: MAX_TEXT }, next, { redirectHosts: REDIRECT_HOSTS });
}

/** The newest year that lts-info (`major:year:supported` lines) calls supported. Throws Failure `refused`. */
export function newestLtsYear(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => /^\d{1,5}:(20\d\d):supported$/.exec(line)?.[1]);
  const year = lines
    .filter((found) => found !== undefined)
    .sort()
    .at(-1);
  if (year === undefined) throw new Failure('refused', 'lts-info of Flatcar names no supported year');
  return year;
}

// The build signs version.txt together with the image, and the files to boot from the network after it, by the same run.
const SIGNED_WITHIN = 3 * 86_400;

/**
 * The numbered directory's own version.txt, which is signed: no other file says which release it is of, and without it a
 * mirror could offer an old release's files as a new one. A mirror of the operator's may lack it; then a note says so.
 */
function numbered(input: FeedInput, base: string, version: Version): FeedStep {
  checkBranch(input, version);
  const folder = `${base}/${board(input)}/${version}`;
  const url = `${folder}/version.txt`;
  const optional = input.mirror !== undefined;
  const document = { url, maxBytes: MAX_TEXT, optional, signed: { detached: `${url}.sig`, optional } };
  const around = { trust: trusting(input, PUBLISHER), redirectHosts: REDIRECT_HOSTS };
  return reading({ ...around, documents: [document] }, ([answer]) => {
    if (answer !== undefined && versionIn(answer.text, 'Flatcar') !== version)
      throw new Failure('refused', `${url} names another version`, {
        remedy: 'the mirror may be half updated, or put together from several releases',
      });
    const note = `the mirror has no signed version.txt for ${version}: that these files are of that release is the mirror's word alone; copy version.txt and version.txt.sig into its directory`;
    const proof = answer?.signedAt === undefined ? { notes: [note] } : { versionSignedAt: answer.signedAt };
    const publisher = { system: 'flatcar', shelf: `flatcar/${input.arch}`, pxe: PXE, ...PUBLISHER } as const;
    return layoutRelease(input, publisher, version, folder, {
      redirectHosts: REDIRECT_HOSTS,
      signedWithin: SIGNED_WITHIN,
      ...proof,
    });
  });
}

// BUILD.BRANCH.PATCH: since build 2700 the branch tells the channel.
const BRANCH: Readonly<Record<string, string>> = { alpha: '0', beta: '1', stable: '2', lts: '3' };
const LAST_WITHOUT_BRANCH = 2700;

function checkBranch(input: FeedInput, version: Version): void {
  const [build = '', branch = ''] = version.split('.');
  const expected = BRANCH[series(input.channel)];
  if (Number(build) > LAST_WITHOUT_BRANCH && expected !== undefined && branch !== expected)
    throw new Failure('refused', `${version} is not a release of the ${input.channel} channel`);
}

function series(channel: string): string {
  return channel.startsWith('lts') ? 'lts' : channel;
}

// Since release 3975 (2024) this is a symlink to the image's kernel, and the signature was not linked with it.
const KERNELS = ['flatcar_production_pxe.vmlinuz', 'flatcar_production_image.vmlinuz'];
const PXE: readonly LayoutFile[] = [
  {
    name: 'flatcar_production_pxe.vmlinuz',
    kind: 'kernel',
    signedAs: KERNELS,
    digestsIn: KERNELS.map((name) => ({ list: name, entry: name })),
  },
  { name: 'flatcar_production_pxe_image.cpio.gz', kind: 'initrd' },
];

/** The old key names a terminal; `true` stands for the bare word, which logs in on every console. */
function autologin(profile: Profile): string[] {
  if (profile.coreos_autologin === 'true') return ['flatcar.autologin'];
  return argument('flatcar.autologin', profile.coreos_autologin);
}
