import { Failure } from '../model/failure.ts';
import type { Version } from '../model/profile.ts';
import type { Feed, FeedInput, FeedStep } from '../model/release.ts';
import {
  board,
  BUILD_VERSION,
  layoutArtifacts,
  type LayoutFile,
  layoutRelease,
  MAX_TEXT,
  reading,
  readOne,
  shellValue,
  strictChannel,
  strictVersion,
  trusting,
} from './feed-steps.ts';
import {
  argument,
  consoles,
  installation,
  installImage,
  type InstallLinks,
  onShelf,
  type PlanInput,
  requireReadable,
  sshKey,
  type System,
  versionOf,
} from './system.ts';

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

/**
 * CoreOS Container Linux (its end of life was 2020; coreos-ipxe-server booted nothing else). The arguments stand in
 * coreos-ipxe-server's order; what it did not know (Ignition, kernel_args) follows.
 *
 * `cloud-config-url` is read on every boot (coreos-cloudinit, datasource/proc_cmdline). Ignition runs only with
 * `coreos.first_boot`, and `coreos.config.url` is the only name that every Container Linux understands.
 *
 * There is no kernel argument that installs: a live system with a configuration of ours runs coreos-install, which gives
 * the profile's documents to the disk. That configuration is Ignition for who uses it, else cloud-config, which the
 * images from before Ignition know as well. `root` would be the disk, so it is left out.
 */
export const COREOS: System = {
  id: 'coreos',
  title: 'CoreOS Container Linux',
  shelf: (profile) => `${profile.arch}-usr/${versionOf(profile)}`,
  plan(input: PlanInput) {
    const { profile, documents } = input;
    requireReadable(profile, ['cloud_config', 'ignition']);
    const folder = `${profile.arch}-usr/${versionOf(profile)}`;
    const install = installation(input);
    const { ignition, cloud_config } = install === undefined ? documents : liveDocuments(install, documents.ignition);
    return {
      kernel: onShelf(folder, 'coreos_production_pxe.vmlinuz'),
      initrds: [onShelf(folder, 'coreos_production_pxe_image.cpio.gz')],
      extras: install === undefined ? [] : installImage('coreos', folder),
      args: [
        ...argument('rootfstype', profile.rootfstype),
        ...consoles(profile),
        ...argument('cloud-config-url', cloud_config),
        ...argument('coreos.autologin', profile.coreos_autologin),
        ...sshKey(input),
        ...argument('root', install === undefined ? profile.root : undefined),
        ...(ignition === undefined ? [] : ['coreos.first_boot=1', `coreos.config.url=${ignition}`]),
        ...profile.kernel_args,
      ],
    };
  },
};

function liveDocuments(install: InstallLinks, own: string | undefined): PlanInput['documents'] {
  return own === undefined ? { cloud_config: install.cloudConfig } : { ignition: install.ignition };
}
