import { Failure } from '../model/failure.ts';
import type { Profile, Version } from '../model/profile.ts';
import {
  type ArtifactKind,
  type Digests,
  type FeedAnswer,
  type FeedInput,
  type FeedStep,
  findDigest,
} from '../model/release.ts';
import { artifact, MAX_LIST, MAX_TEXT, reading, releaseStep, strictChannel, strictVersion } from './feed-steps.ts';
import { argument, consoles, onShelf, requireReadable, type System, systemShelf } from './system.ts';

const BASE = 'https://github.com/siderolabs/talos/releases';
const REDIRECT_HOSTS = ['github.com', 'objects.githubusercontent.com', 'release-assets.githubusercontent.com'];
const FORM = /^v\d{1,3}\.\d{1,4}\.\d{1,4}$/;

/**
 * Talos Linux. The machine configuration is the profile's `generic` document. Talos would expand `${uuid}` and the
 * like in `talos.config` itself, but iPXE expands `${...}` first: the URL holds literal values instead.
 * The first three arguments are required (kernel self-protection), the publisher's own scripts add the others.
 *
 * Of a release is checked what GitHub says over HTTPS, by its checksums. The cosign bundles beside them are not looked
 * at: they prove an account and an entry in a public log, not a key that could be pinned.
 */
export const talos: System = {
  id: 'talos',
  title: 'Talos Linux',
  keys: [],
  base: () => BASE,
  start,
  shelf: systemShelf,
  plan(input) {
    const { profile } = input;
    refuseInstall(profile);
    requireReadable(profile, ['generic']);
    const folder = systemShelf(profile);
    return {
      kernel: onShelf(folder, `vmlinuz-${profile.arch}`),
      initrds: [onShelf(folder, `initramfs-${profile.arch}.xz`)],
      extras: [],
      args: [
        'talos.platform=metal',
        'slab_nomerge',
        'pti=on',
        'init_on_alloc=1',
        ...newer(profile),
        ...screens(profile),
        'printk.devkmsg=on',
        ...argument('talos.config', input.documents.generic),
        ...profile.kernel_args,
      ],
    };
  },
};

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
  return releaseStep(input, 'talos', version, {
    artifacts: [file(`vmlinuz-${input.arch}`, 'kernel'), file(`initramfs-${input.arch}.xz`, 'initrd')],
    redirectHosts: REDIRECT_HOSTS,
  });
}

function digestsOf(name: string, lists: Required<Digests>): Digests {
  const found = (['sha256', 'sha512'] as const).flatMap((algorithm) => {
    const digest = findDigest(lists[algorithm], { algorithm, format: 'sums', entry: name });
    return digest === undefined ? [] : [[algorithm, digest] as const];
  });
  if (found.length === 0) throw new Failure('refused', `the checksums of this Talos release do not name ${name}`);
  return Object.fromEntries(found);
}

/** Talos decides by its machine configuration alone, and reports nothing: a disk named here would do nothing. */
function refuseInstall({ file, install }: Profile): void {
  if (install === undefined) return;
  throw new Failure('broken', 'talos cannot be installed by its profile', {
    place: { file, key: 'install' },
    remedy: 'name the disk in the machine configuration (machine.install.disk)',
  });
}

/** What the publisher's own images say, and since which minor release of 1. Without `selinux=1` SELinux is off. */
const SINCE: readonly (readonly [number, string])[] = [
  [10, 'selinux=1'],
  [12, 'module.sig_enforce=1'],
  [13, 'proc_mem.force_override=never'],
];

/** A version that cannot be read counts as a new one. What the profile says of the same key stands alone. */
function newer({ version, kernel_args }: Profile): string[] {
  const [, major = '1', minor = '9999'] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  const own = new Set(kernel_args.map((arg) => arg.split('=')[0]));
  return SINCE.filter(([first]) => Number(major) > 1 || Number(minor) >= first)
    .map(([, arg]) => arg)
    .filter((arg) => !own.has(arg.split('=')[0]));
}

/** Talos shows its dashboard on tty0 and has no login: the only system here with a console of its own choice. */
function screens(profile: Profile): string[] {
  const given = consoles(profile);
  if (given.length > 0) return given;
  return profile.arch === 'arm64' ? ['console=ttyAMA0', 'console=tty0'] : ['console=tty0'];
}
