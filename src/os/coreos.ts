import { Failure } from '../model/failure.ts';
import type { Version } from '../model/profile.ts';
import type { FeedInput, FeedStep } from '../model/release.ts';
import { board, BUILD_VERSION, type LayoutFile, layoutRelease, pxeFiles, shellValue, versionIn } from './flatcar.ts';
import { MAX_TEXT, reading, readOne, strictChannel, strictVersion } from './feed-steps.ts';
import {
  argument,
  consoles,
  installation,
  type InstallLinks,
  type PlanInput,
  requireReadable,
  sshKey,
  type System,
  versionOf,
} from './system.ts';

/**
 * CoreOS Container Linux (its end of life was 2020; coreos-ipxe-server booted nothing else). The arguments stand in
 * coreos-ipxe-server's order; what it did not know (Ignition, kernel_args) follows.
 *
 * `cloud-config-url` is read on every boot (coreos-cloudinit, datasource/proc_cmdline). Ignition runs only with
 * `coreos.first_boot`, and `coreos.config.url` is the only name that every Container Linux understands.
 *
 * There is no kernel argument that installs: a live system with a configuration of ours runs coreos-install, which gives
 * the profile's documents to the disk. That configuration is Ignition where the profile uses it, else cloud-config, which
 * the images from before Ignition know as well. `root` would be the disk, so it is left out.
 *
 * Its servers are gone since May 2020; a mirror in their layout works. Nothing new is signed, so no key of it ends.
 */
export const coreos: System = {
  id: 'coreos',
  title: 'CoreOS Container Linux',
  keys: [],
  base: (channel) => `https://${channel}.release.core-os.net`,
  start(input) {
    const channel = strictChannel(input.channel, /^(?:stable|beta|alpha)$/, 'coreos', '"stable", "beta" or "alpha"');
    if (input.mirror === undefined)
      throw new Failure('unavailable', 'CoreOS Container Linux ended in 2020 and its download servers are gone', {
        remedy: 'name a mirror in PILOTLIGHT_MIRROR_COREOS, or continue with "system": "flatcar"',
      });
    const folder = `${input.mirror}/${channel}/${board(input)}`;
    if (input.version !== undefined)
      return release(input, folder, strictVersion(input.version, BUILD_VERSION, '"version"'));
    const document = { url: `${folder}/current/version.txt`, maxBytes: MAX_TEXT, optional: true };
    return reading({ documents: [document] }, ([answer]) =>
      answer === undefined
        ? readOne({ url: `${folder}/current/coreos_production_pxe.sh`, maxBytes: MAX_TEXT }, (text) =>
            release(input, folder, parsePxeScript(text)),
          )
        : release(input, folder, versionIn(answer.text, 'CoreOS')),
    );
  },
  shelf: (profile) => `${board(profile)}/${versionOf(profile)}`,
  plan(input) {
    const { profile, documents } = input;
    requireReadable(profile, ['cloud_config', 'ignition']);
    const folder = `${board(profile)}/${versionOf(profile)}`;
    const install = installation(input);
    const { ignition, cloud_config } = install === undefined ? documents : liveDocuments(install, documents.ignition);
    return {
      ...pxeFiles('coreos', folder, install !== undefined),
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

/** The version in the QEMU script's `VM_NAME='coreos_production_pxe-1298-6-0'`: what mirrors without version.txt have. */
export function parsePxeScript(text: string): Version {
  const [, a = '', b = '', c = ''] =
    /^coreos_production_pxe-(\d+)-(\d+)-(\d+)$/.exec(shellValue(text, 'VM_NAME') ?? '') ?? [];
  return strictVersion(`${a}.${b}.${c}`, BUILD_VERSION, 'coreos_production_pxe.sh');
}

function release(input: FeedInput, folder: string, version: Version): FeedStep {
  const publisher = {
    system: 'coreos',
    shelf: board(input),
    pxe: PXE,
    pinned: COREOS_KEYS,
    revoked: ['A5FA42549745ABBC7B827E368633FB13B58844F1'],
    // The server that offered it is gone: the operator brings the key.
    keyUrls: [],
  } as const;
  return layoutRelease(input, publisher, version, `${folder}/${version}`, { signedWithin: SIGNED_WITHIN });
}

export const COREOS_KEYS: readonly string[] = ['04127D0BFABEC8871FFB2CCE50E0885593D2DCB4'];

// Kernel and initramfs come from one run of the build. Old mirrors have no signed version.txt to compare them with.
const SIGNED_WITHIN = 7 * 86_400;

const PXE: readonly LayoutFile[] = (
  [
    ['coreos_production_pxe.vmlinuz', 'kernel'],
    ['coreos_production_pxe_image.cpio.gz', 'initrd'],
  ] as const
).map(([name, kind]) => ({
  name,
  kind,
  // One file of digests covers the whole PXE build, and lies there twice.
  digestsIn: ['coreos_production_pxe', 'coreos_production_pxe_image.cpio.gz'].map((list) => ({ list, entry: name })),
}));

function liveDocuments(install: InstallLinks, own: string | undefined): PlanInput['documents'] {
  return own === undefined ? { cloud_config: install.cloudConfig } : { ignition: install.ignition };
}
