import type { Plan } from '../model/plan.ts';
import type { Version } from '../model/profile.ts';
import type { FeedInput, FeedStep, ReleaseSpec, Trust } from '../model/release.ts';
import { artifact, releaseStep, strictVersion, trusting } from './feed-steps.ts';
import { onShelf } from './system.ts';

/**
 * What Container Linux and Flatcar, which continued it, have in common: the layout of the download servers, and the build
 * scripts that name the files and write version.txt, .sig and .DIGESTS.
 */
export type ContainerLinux = 'coreos' | 'flatcar';

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
