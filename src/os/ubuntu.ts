import { Failure } from '../model/failure.ts';
import { artifactUrl } from '../model/plan.ts';
import { compareVersions, parseVersion, type Version } from '../model/profile.ts';
import { type FeedInput, type FeedStep, readSums, type SumLine, type Trust } from '../model/release.ts';
import { artifact, MAX_LIST, readOne, releaseStep, strictChannel, strictName, trusting } from './feed-steps.ts';
import {
  consoles,
  installDisk,
  nocloudSeed,
  onShelf,
  requireReadable,
  type System,
  systemShelf,
  versionOf,
} from './system.ts';

const PUBLISHER: Omit<Trust, 'legacySha1'> = {
  // Ubuntu CD Image Automatic Signing Key (2012).
  pinned: ['843938DF228D22F7B3742BC0D94AA3F0EFE21092'],
  revoked: [],
  keyUrls: ['https://keyserver.ubuntu.com/pks/lookup?op=get&search=0x843938DF228D22F7B3742BC0D94AA3F0EFE21092'],
};
const FORM = /^\d{2}\.\d{2}(?:\.\d{1,2}){0,2}$/;

/**
 * Ubuntu's server installer, with autoinstall over NoCloud. `vmlinuz` and `initrd` are those of the ISO's casper/
 * folder; the initramfs fetches the ISO itself. `cloud-config-url=/dev/null` keeps cloud-init from fetching it again
 * (to cloud-init that argument, or else `url=`, is more configuration). Without `autoinstall` the installer asks.
 * `install` is said in the user-data.
 *
 * Its channel is a series: `24.04` or `noble`.
 */
export const ubuntu: System = {
  id: 'ubuntu',
  title: 'Ubuntu Server',
  keys: PUBLISHER.pinned,
  base: () => 'https://releases.ubuntu.com',
  start,
  shelf: systemShelf,
  plan(input) {
    const { profile, origin } = input;
    installDisk(profile);
    requireReadable(profile, ['nocloud']);
    const folder = systemShelf(profile);
    const iso = onShelf(folder, `ubuntu-${versionOf(profile)}-live-server-${profile.arch}.iso`);
    return {
      kernel: onShelf(folder, 'vmlinuz'),
      initrds: [onShelf(folder, 'initrd')],
      extras: [iso],
      args: [
        'root=/dev/ram0',
        'ramdisk_size=1500000',
        'ip=dhcp',
        `url=${artifactUrl(iso, origin)}`,
        ...seed(input.documents.nocloud),
        ...consoles(profile),
        ...profile.kernel_args,
      ],
    };
  },
};

function start(input: FeedInput): FeedStep {
  const series = strictChannel(
    input.channel,
    /^(?!stable$)(?:\d{2}\.\d{2}|[a-z]{4,12})$/,
    'ubuntu',
    'a series such as "24.04" or "noble"',
  );
  const folder = folderOf(input, series);
  const document = {
    url: `${folder}/SHA256SUMS`,
    maxBytes: MAX_LIST,
    signed: { detached: `${folder}/SHA256SUMS.gpg` },
  };
  return readOne(document, (text) => release(input, folder, text), { trust: trusting(input, PUBLISHER) });
}

// Other architectures than amd64 lie on another server.
function folderOf(input: FeedInput, series: string): string {
  if (input.mirror !== undefined) return `${input.mirror}/${series}`;
  return input.arch === 'amd64'
    ? `https://releases.ubuntu.com/${series}`
    : `https://cdimage.ubuntu.com/releases/${series}/release`;
}

/**
 * The newest (or the named) live server in the list. Respins have a fourth number (24.04.5.1); names that are not
 * understood are passed over: one of them must not hold up a series.
 */
export function parseList(
  text: string,
  input: Pick<FeedInput, 'arch' | 'version' | 'channel'>,
): { readonly version: Version; readonly iso: SumLine } {
  const isos = readSums(text, 'sha256').flatMap((iso) => {
    const found = new RegExp(`^ubuntu-([0-9.]+)-live-server-${input.arch}\\.iso$`).exec(iso.path)?.[1];
    const version = found !== undefined && FORM.test(found) ? parseVersion(found) : undefined;
    return version === undefined ? [] : [{ iso, version }];
  });
  const [newest] = isos
    .filter(
      ({ version }) =>
        !/^\d/.test(input.channel) || version === input.channel || version.startsWith(`${input.channel}.`),
    )
    .filter(({ version }) => input.version === undefined || version === input.version)
    .sort((a, b) => compareVersions(b.version, a.version));
  if (newest !== undefined) return newest;
  throw new Failure('not-found', `Ubuntu ${input.version ?? input.channel} has no live server for ${input.arch}`);
}

// The list has no netboot archive (ubuntu-cdimage leaves it out since April 2024): kernel and initramfs come out of the
// ISO, which is signed for and which the installer fetches anyway.
const MEMBERS = [
  { member: 'casper/vmlinuz', name: strictName('vmlinuz'), kind: 'kernel' },
  { member: 'casper/initrd', name: strictName('initrd'), kind: 'initrd' },
] as const;

function release(input: FeedInput, folder: string, text: string): FeedStep {
  const { version, iso } = parseList(text, input);
  const artifacts = [
    artifact(iso.path, {
      url: `${folder}/${iso.path}`,
      kind: 'iso',
      digests: { sha256: iso.digest },
      unpack: MEMBERS,
    }),
  ];
  return releaseStep(input, 'ubuntu', version, { artifacts });
}

function seed(url: string | undefined): string[] {
  if (url === undefined) return ['cloud-config-url=/dev/null'];
  return ['autoinstall', 'cloud-config-url=/dev/null', ...nocloudSeed(url)];
}
