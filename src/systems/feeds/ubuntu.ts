import { readSums, type SumLine } from '../../domain/digests.ts';
import { Failure } from '../../domain/failure.ts';
import type { Feed, FeedInput, FeedStep } from '../../domain/feed.ts';
import type { ArtifactSpec, Trust } from '../../domain/release.ts';
import { compareVersions, type Version } from '../../domain/version.ts';
import { artifact, MAX_LIST, readOne, strictChannel, strictName, strictVersion, trusting } from './steps.ts';

const PUBLISHER: Omit<Trust, 'legacySha1'> = {
  // Ubuntu CD Image Automatic Signing Key (2012).
  pinned: ['843938DF228D22F7B3742BC0D94AA3F0EFE21092'],
  revoked: [],
  keyUrls: ['https://keyserver.ubuntu.com/pks/lookup?op=get&search=0x843938DF228D22F7B3742BC0D94AA3F0EFE21092'],
};
const FORM = /^\d{2}\.\d{2}(?:\.\d{1,2})?$/;

/** Ubuntu Server's live installer. The channel is a series: `24.04` or `noble`. */
export const ubuntu: Feed = { id: 'ubuntu', base: () => 'https://releases.ubuntu.com', start };

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

/** The newest (or the named) version that the list has both the ISO and the netboot archive of. */
export function parseList(
  text: string,
  input: Pick<FeedInput, 'arch' | 'version' | 'channel'>,
): { readonly version: Version; readonly iso: SumLine; readonly netboot: SumLine } {
  const lines = readSums(text, 'sha256');
  const isos = lines.flatMap((iso) => {
    const version = new RegExp(`^ubuntu-([0-9.]+)-live-server-${input.arch}\\.iso$`).exec(iso.path)?.[1];
    return version === undefined ? [] : [{ iso, version: strictVersion(version, FORM, 'SHA256SUMS of Ubuntu') }];
  });
  const fitting = isos
    .filter(
      ({ version }) =>
        !/^\d/.test(input.channel) || version === input.channel || version.startsWith(`${input.channel}.`),
    )
    .filter(({ version }) => input.version === undefined || version === input.version)
    .sort((a, b) => compareVersions(b.version, a.version));
  for (const { version, iso } of fitting) {
    const netboot = lines.find(({ path }) => path === `ubuntu-${version}-netboot-${input.arch}.tar.gz`);
    if (netboot !== undefined) return { version, iso, netboot };
  }
  throw new Failure(
    'not-found',
    `Ubuntu ${input.version ?? input.channel} has no live server with netboot files for ${input.arch}`,
  );
}

function release(input: FeedInput, folder: string, text: string): FeedStep {
  const { version, iso, netboot } = parseList(text, input);
  const artifacts: readonly ArtifactSpec[] = [
    artifact(netboot.path, {
      url: `${folder}/${netboot.path}`,
      kind: 'archive',
      digests: { sha256: netboot.digest },
      unpack: [
        { member: `${input.arch}/linux`, name: strictName('vmlinuz'), kind: 'kernel' },
        { member: `${input.arch}/initrd`, name: strictName('initrd'), kind: 'initrd' },
      ],
    }),
    artifact(iso.path, { url: `${folder}/${iso.path}`, kind: 'iso', digests: { sha256: iso.digest } }),
  ];
  return {
    kind: 'release',
    release: {
      ref: {
        system: 'ubuntu',
        channel: input.channel,
        arch: input.arch,
        version,
        shelf: `ubuntu/${input.arch}/${version}`,
      },
      trust: undefined,
      artifacts,
      redirectHosts: [],
    },
  };
}
