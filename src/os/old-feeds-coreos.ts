import { Failure } from '../model/failure.ts';
import type { Feed, FeedInput, FeedStep } from '../model/feed.ts';
import type { Version } from '../model/version.ts';
import {
  board,
  BUILD_VERSION,
  layoutArtifacts,
  type LayoutFile,
  layoutRelease,
  shellValue,
} from './container-linux.ts';
import { MAX_TEXT, reading, readOne, strictChannel, strictVersion, trusting } from './feed-steps.ts';

export const COREOS_KEYS: readonly string[] = ['04127D0BFABEC8871FFB2CCE50E0885593D2DCB4'];
const PUBLISHER = {
  pinned: COREOS_KEYS,
  revoked: ['A5FA42549745ABBC7B827E368633FB13B58844F1'],
  // The server that offered it is gone: the operator brings the key.
  keyUrls: [],
};

const KERNEL = 'coreos_production_pxe.vmlinuz';
const INITRD = 'coreos_production_pxe_image.cpio.gz';
// One file of digests covers the whole PXE build, and lies there twice.
const PXE_DIGESTS = ['coreos_production_pxe', INITRD];
const PXE: readonly LayoutFile[] = [file(KERNEL, 'kernel', PXE_DIGESTS), file(INITRD, 'initrd', PXE_DIGESTS)];
const INSTALL: readonly LayoutFile[] = ['coreos_production_image.bin.bz2', 'coreos_production_OEM_image.bin.bz2'].map(
  (name, i) => ({ ...file(name, 'install', [name]), ...(i === 0 ? {} : { optional: true }) }),
);

// Kernel and initramfs come from one run of the build. Old mirrors have no signed version.txt to compare them with.
const SIGNED_WITHIN = 7 * 86_400;

/**
 * CoreOS Container Linux: ended in May 2020, its servers are gone; a mirror in their layout works. Nothing new is signed,
 * so no key of it ends.
 */
export const coreos: Feed = {
  id: 'coreos',
  keys: [],
  base: (channel) => `https://${channel}.release.core-os.net`,
  start,
};

function start(input: FeedInput): FeedStep {
  const channel = strictChannel(input.channel, /^(?:stable|beta|alpha)$/, 'coreos', '"stable", "beta" or "alpha"');
  if (input.mirror === undefined)
    throw new Failure('unavailable', 'CoreOS Container Linux ended in 2020 and its download servers are gone', {
      remedy: 'name a mirror in PILOTLIGHT_MIRROR_COREOS, or continue with "system": "flatcar"',
    });
  const directory = `${input.mirror}/${channel}/${board(input)}`;
  if (input.version !== undefined)
    return release(input, directory, strictVersion(input.version, BUILD_VERSION, '"version"'));
  const document = { url: `${directory}/current/version.txt`, maxBytes: MAX_TEXT, optional: true };
  return reading({ documents: [document] }, ([answer]) =>
    answer === undefined
      ? readOne({ url: `${directory}/current/coreos_production_pxe.sh`, maxBytes: MAX_TEXT }, (text) =>
          release(input, directory, parsePxeScript(text)),
        )
      : release(input, directory, parseVersionTxt(answer.text)),
  );
}

function release(input: FeedInput, base: string, version: Version): FeedStep {
  const files = input.install ? [...PXE, ...INSTALL] : PXE;
  const found = { system: 'coreos', shelf: board(input), version, trust: trusting(input, PUBLISHER) } as const;
  const artifacts = layoutArtifacts({ directory: `${base}/${version}`, files });
  return layoutRelease(input, found, { artifacts, redirectHosts: [], signedWithin: SIGNED_WITHIN });
}

/** The version in version.txt. Throws Failure `refused`. */
export function parseVersionTxt(text: string): Version {
  return strictVersion(shellValue(text, 'COREOS_VERSION'), BUILD_VERSION, 'version.txt of CoreOS');
}

/** The version in the QEMU script's `VM_NAME='coreos_production_pxe-1298-6-0'`: what mirrors without version.txt have. */
export function parsePxeScript(text: string): Version {
  const [, a = '', b = '', c = ''] =
    /^coreos_production_pxe-(\d+)-(\d+)-(\d+)$/.exec(shellValue(text, 'VM_NAME') ?? '') ?? [];
  return strictVersion(`${a}.${b}.${c}`, BUILD_VERSION, 'coreos_production_pxe.sh');
}

function file(name: string, kind: LayoutFile['kind'], lists: readonly string[]): LayoutFile {
  return { name, kind, signedAs: [name], digestsIn: lists.map((list) => ({ list, entry: name })) };
}
