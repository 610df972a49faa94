import { findDigest } from '../model/digests.ts';
import { Failure } from '../model/failure.ts';
import type { Feed, FeedAnswer, FeedInput, FeedStep } from '../model/feed.ts';
import type { ArtifactKind, Digests } from '../model/release.ts';
import type { Version } from '../model/version.ts';
import { artifact, MAX_LIST, MAX_TEXT, reading, strictChannel, strictVersion } from './feed-steps.ts';

const BASE = 'https://github.com/siderolabs/talos/releases';
const REDIRECT_HOSTS = ['github.com', 'objects.githubusercontent.com', 'release-assets.githubusercontent.com'];
const FORM = /^v\d{1,3}\.\d{1,4}\.\d{1,4}$/;

/**
 * Talos Linux: what is checked is what GitHub says over HTTPS, by its checksums. The cosign bundles beside them are not
 * looked at: they prove an account and an entry in a public log, not a key that could be pinned.
 */
export const talos: Feed = { id: 'talos', keys: [], base: () => BASE, start };

function start(input: FeedInput): FeedStep {
  strictChannel(input.channel, /^stable$/, 'talos', '"stable"');
  const base = input.mirror ?? BASE;
  if (input.version !== undefined) return sums(input, base, strictVersion(input.version, FORM, '"version"'));
  const document = { url: `${base}/latest`, maxBytes: MAX_TEXT, redirect: 'report' } as const;
  return reading({ documents: [document], redirectHosts: REDIRECT_HOSTS }, ([answer]) =>
    sums(input, base, parseLatest(answer)),
  );
}

/** GitHub answers `latest` with a redirect to the tag's page; a plain mirror holds a file with the version in it. */
export function parseLatest(answer: FeedAnswer | undefined): Version {
  const text =
    answer?.location === undefined
      ? answer?.text.replace(/\r?\n$/, '')
      : /\/tag\/([^/?#]+)$/.exec(answer.location)?.[1];
  return strictVersion(text, FORM, 'the latest release of Talos');
}

function sums(input: FeedInput, base: string, version: Version): FeedStep {
  const folder = `${base}/download/${version}`;
  const documents = ['sha256sum.txt', 'sha512sum.txt'].map((name) => ({
    url: `${folder}/${name}`,
    maxBytes: MAX_LIST,
    optional: true,
  }));
  return reading({ documents, redirectHosts: REDIRECT_HOSTS }, ([sha256, sha512]) =>
    release(input, version, folder, { sha256: sha256?.text ?? '', sha512: sha512?.text ?? '' }),
  );
}

function release(input: FeedInput, version: Version, folder: string, lists: Required<Digests>): FeedStep {
  const file = (name: string, kind: ArtifactKind): ReturnType<typeof artifact> =>
    artifact(name, { url: `${folder}/${name}`, kind, digests: digestsOf(name, lists) });
  return {
    kind: 'release',
    release: {
      ref: {
        system: 'talos',
        channel: input.channel,
        arch: input.arch,
        version,
        shelf: `talos/${input.arch}/${version}`,
      },
      trust: undefined,
      artifacts: [file(`vmlinuz-${input.arch}`, 'kernel'), file(`initramfs-${input.arch}.xz`, 'initrd')],
      redirectHosts: REDIRECT_HOSTS,
    },
  };
}

function digestsOf(name: string, lists: Required<Digests>): Digests {
  const found = (['sha256', 'sha512'] as const).flatMap((algorithm) => {
    const digest = findDigest(lists[algorithm], { algorithm, format: 'sums', entry: name });
    return digest === undefined ? [] : [[algorithm, digest] as const];
  });
  if (found.length === 0) throw new Failure('refused', `the checksums of this Talos release do not name ${name}`);
  return Object.fromEntries(found);
}
