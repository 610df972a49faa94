import { Failure } from '../model/failure.ts';
import { macHyphens } from '../model/machine.ts';
import { compareVersions, type Version } from '../model/profile.ts';
import {
  type ArtifactKind,
  type FeedInput,
  type FeedStep,
  findDigest,
  readSums,
  type Trust,
} from '../model/release.ts';
import { artifact, MAX_LIST, readOne, releaseStep, strictChannel, strictVersion, trusting } from './feed-steps.ts';
import {
  argument,
  consoles,
  installDisk,
  onShelf,
  type PlanInput,
  requireReadable,
  type System,
  systemShelf,
  unlessSaid,
} from './system.ts';

const BASE = 'https://deb.debian.org/debian';

const PUBLISHER: Omit<Trust, 'legacySha1'> = {
  pinned: [
    '1F89983E0081FDE018F3CC9673A4F27B8DD47936', // archive, 11
    'A4285295FC7B1A81600062A9605C66F00D6C9793', // stable release, 11
    'B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8', // archive, 12
    '4D64FEC119C2029067D6E791F8D2585B8783D481', // stable release, 12
    '04B54C3CDCA79751B16BC6B5225629DF75B188BD', // archive, 13
    '41587F7DB8C774BCCF131416762F67A0B2C39DE4', // stable release, 13
  ],
  revoked: [],
  keyUrls: ['archive-key-13', 'archive-key-12', 'release-13', 'release-12'].map(
    (name) => `https://ftp-master.debian.org/keys/${name}.asc`,
  ),
};

/** The installer's version is the date of its build, with the point release that it was rebuilt for. */
const FORM = /^\d{8}[a-z0-9]{0,4}(?:\+deb\d{1,3}u\d{1,3})?$/;

/**
 * Debian's installer, with preseeding (installation guide, appendix B). What stands after `---` is kept for the
 * installed system: the consoles and `kernel_args`. An operator who wants arguments for the installer alone writes
 * another `---` into `kernel_args`: what stands before it goes before ours. `install` is said in the preseed itself.
 *
 * Its channel is a suite: `bookworm`, `trixie`, `stable`.
 */
export const debian: System = {
  id: 'debian',
  title: 'Debian',
  keys: PUBLISHER.pinned,
  base: () => BASE,
  start,
  shelf: systemShelf,
  plan(input) {
    const { profile } = input;
    installDisk(profile);
    requireReadable(profile, ['preseed']);
    const folder = systemShelf(profile);
    const split = profile.kernel_args.indexOf('---');
    const installer = split < 0 ? [] : profile.kernel_args.slice(0, split);
    const kept = [...consoles(profile), ...profile.kernel_args.slice(split + 1)];
    return {
      kernel: onShelf(folder, 'linux'),
      initrds: [onShelf(folder, 'initrd.gz')],
      extras: [],
      args: [...preseeding(input), ...installer, ...(kept.length === 0 ? [] : ['---', ...kept])],
    };
  },
};

function start(input: FeedInput): FeedStep {
  const suite = strictChannel(input.channel, /^[a-z][a-z-]{2,20}$/, 'debian', 'a suite such as "bookworm" or "stable"');
  const dist = `${input.mirror ?? BASE}/dists/${suite}`;
  const trust = trusting(input, PUBLISHER);
  return readOne(
    { url: `${dist}/InRelease`, maxBytes: MAX_LIST, signed: 'cleartext' },
    (text) => {
      const found = parseInRelease(text, suite, input);
      const images = `${dist}/main/installer-${input.arch}/${found.version}/images`;
      const document = { url: `${images}/SHA256SUMS`, maxBytes: MAX_LIST, digests: { sha256: found.sums } };
      return readOne(document, (sums) => release(input, found.version, images, sums));
    },
    { trust },
  );
}

/** Which installer the signed list offers, and the digest of its SHA256SUMS. Throws Failure `refused` and `not-found`. */
export function parseInRelease(
  text: string,
  suite: string,
  input: Pick<FeedInput, 'arch' | 'version'>,
): { readonly version: Version; readonly sums: string } {
  const names = ['Suite', 'Codename'].map((field) => new RegExp(`^${field}: ([a-z-]+)$`, 'm').exec(text)?.[1]);
  // Every suite's list has a good signature: one in the place of another is a replay.
  if (!names.includes(suite)) throw new Failure('refused', `the InRelease of ${suite} is that of ${names.join(', ')}`);
  const folder = `main/installer-${input.arch}`;
  const lists = section(text).filter(
    ({ path }) => path.startsWith(`${folder}/`) && path.endsWith('/images/SHA256SUMS'),
  );
  const entries = lists.map(({ digest, path }) => ({
    digest,
    build: path.slice(folder.length + 1, -'/images/SHA256SUMS'.length),
  }));
  // `current` moves; it is the dated folder whose list has the same digest.
  const now = entries.find(({ build }) => build === 'current');
  const wanted = entries
    .filter(({ build, digest }) => (input.version === undefined ? digest === now?.digest : build === input.version))
    .filter(({ build }) => build !== 'current')
    .map(({ build, digest }) => ({ version: strictVersion(build, FORM, 'the InRelease'), sums: digest }))
    .sort((a, b) => compareVersions(b.version, a.version));
  if (wanted[0] !== undefined) return wanted[0];
  throw new Failure(
    'not-found',
    `${suite} has no installer ${input.version ?? ''} for ${input.arch}`.replace('  ', ' '),
  );
}

// The part below `SHA256:`; its lines are ` HEX  SIZE PATH`.
function section(text: string): ReturnType<typeof readSums> {
  const [, after = ''] = text.split('\nSHA256:\n');
  const lines = after.split('\n');
  const end = lines.findIndex((line) => !line.startsWith(' '));
  const sums = (end < 0 ? lines : lines.slice(0, end)).map((line) =>
    line.replace(/^ ([0-9a-f]{64}) +\d+ (\S+)$/, '$1  $2'),
  );
  return readSums(sums.join('\n'), 'sha256');
}

const FILES: readonly (readonly [string, ArtifactKind])[] = [
  ['linux', 'kernel'],
  ['initrd.gz', 'initrd'],
];

function release(input: FeedInput, version: Version, images: string, sums: string): FeedStep {
  const artifacts = FILES.map(([name, kind]) => {
    const entry = `netboot/debian-installer/${input.arch}/${name}`;
    const sha256 = findDigest(sums, { algorithm: 'sha256', format: 'sums', entry });
    if (sha256 === undefined) throw new Failure('refused', `SHA256SUMS of ${version} does not name ${entry}`);
    return artifact(name, { url: `${images}/${entry}`, kind, digests: { sha256 } });
  });
  // The chain began with a signature; the files themselves have only digests.
  return releaseStep(input, 'debian', version, { artifacts });
}

/** What debian-installer needs to find its answers by itself; nothing without a preseed. */
export function preseeding(input: PlanInput): string[] {
  const url = input.documents.preseed;
  if (url === undefined) return [];
  const { mac } = input.facts;
  return [
    'auto=true',
    'priority=critical',
    `url=${url}`,
    ...hostname(input),
    'interface=auto',
    // With several network cards "auto" means the one that booted (netcfg reads pxelinux' BOOTIF).
    ...argument('BOOTIF', mac && `01-${macHyphens(mac)}`),
    ...remoteLog(input),
    ...withoutRouter(input),
  ];
}

/** The installer's syslogd sends to there from its first second (rootskel, S10syslog). */
function remoteLog({ logTo, profile }: PlanInput): readonly string[] {
  if (logTo === undefined) return [];
  return unlessSaid([`log_host=${logTo.host}`, `log_port=${logTo.port}`], profile, ['log_host']);
}

/** Without a router it asks whether to go on, before it has its preseed (netcfg, dhcp.c); with one it never reads the answer. */
function withoutRouter({ noRouter = false, profile }: PlanInput): readonly string[] {
  return noRouter ? unlessSaid(['netcfg/no_default_route=true'], profile, ['netcfg/no_default_route']) : [];
}

/** Asked for before the preseed document is there, hence on the kernel line. `a.example.org` is a host in a domain. */
function hostname(input: PlanInput): string[] {
  const name = input.node?.name ?? '';
  const parts = /^([A-Za-z0-9][A-Za-z0-9-]{0,62})(?:\.([A-Za-z0-9][A-Za-z0-9.-]{0,200}))?$/.exec(name);
  if (parts?.[1] === undefined) return [];
  return [`hostname=${parts[1]}`, ...argument('domain', parts[2])];
}
