/** What can be exported: apart from what does it, so that asking for help loads no house. */
export const EXPORTS = ['dnsmasq', 'libvirt-network', 'libvirt-domain', 'hosts', 'ansible-inventory'] as const;
export type ExportKind = (typeof EXPORTS)[number];
