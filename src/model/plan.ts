import type { Origin } from './origin.ts';

/** A file that a machine fetches: below images/ (served by us, must be on the shelf) or anywhere else by URL. */
export type Artifact =
  { readonly kind: 'shelf'; readonly path: string } | { readonly kind: 'url'; readonly url: string };

/** What the boot loader fetches beside the kernel. */
export type Initrd = Artifact & {
  /**
   * The kernel looks for the file by this name (wimboot: `BCD`) instead of unpacking it: then it is no part of the
   * initramfs and stands in no `initrd=`.
   */
  readonly name?: string;
};

/**
 * What one operating system needs to boot: pure data, the same for an iPXE script, a GRUB config, pixiecore's JSON and
 * the CLI's `render args`.
 */
export interface Plan {
  readonly kernel: Artifact;
  readonly initrds: readonly Initrd[];
  /** Files that the booted system fetches by itself (Fedora CoreOS' rootfs, Ubuntu's ISO): they must be there too. */
  readonly extras: readonly Artifact[];
  /** The kernel's arguments in order, without `initrd=`: that belongs to the boot loader's form. */
  readonly args: readonly string[];
}

/** Where a machine fetches the artifact. Path segments are percent-encoded, so the URL is one word in any script. */
export function artifactUrl(artifact: Artifact, origin: Origin): string {
  if (artifact.kind === 'url') return artifact.url;
  return `${origin}/images/${artifact.path.split('/').map(encodeSegment).join('/')}`;
}

// "+" and the like are common in versions and legal in a path (RFC 3986, 3.3): a publisher's name stays readable.
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(2B|3D|2C|3A|40)/g, (encoded) => decodeURIComponent(encoded));
}
