/** A file that a machine fetches: below images/ (served by us, must be on the shelf) or anywhere else by URL. */
export type Artifact =
  { readonly kind: 'shelf'; readonly path: string } | { readonly kind: 'url'; readonly url: string };

/**
 * What one operating system needs to boot: pure data, the same for an iPXE script, a GRUB config, pixiecore's JSON and
 * the CLI's `render args`.
 */
export interface Plan {
  readonly kernel: Artifact;
  readonly initrds: readonly Artifact[];
  /** Files that the booted system fetches by itself (Fedora CoreOS' rootfs, Ubuntu's ISO): they must be there too. */
  readonly extras: readonly Artifact[];
  /** The kernel's arguments in order, without `initrd=`: that belongs to the boot loader's form. */
  readonly args: readonly string[];
}
