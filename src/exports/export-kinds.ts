/** What can be exported: apart from what does it, so that asking for help opens no data directory. */
export const EXPORTS = [
  'dnsmasq',
  'libvirt-network',
  'libvirt-domain',
  'hosts',
  'ansible-inventory',
  'ssh-config',
  'known-hosts',
  'guestinfo',
  'ignition-fw-cfg',
  'config-drive',
] as const;
export type ExportKind = (typeof EXPORTS)[number];

/** These are about one machine. */
export const NODE_EXPORTS: ReadonlySet<ExportKind> = new Set<ExportKind>([
  'libvirt-domain',
  'guestinfo',
  'ignition-fw-cfg',
  'config-drive',
]);
