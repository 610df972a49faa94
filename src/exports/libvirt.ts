import type { Profile } from '../model/profile.ts';
import { findNode } from './find-node.ts';
import { attribute, escaped } from './xml.ts';

export interface LibvirtDomainInput {
  readonly profiles: Iterable<Profile>;
  /** The node's name. */
  readonly node: string;
  readonly uefi: boolean;
  /** The name of libvirt's network that it is plugged into. */
  readonly network: string;
}

/** SeaBIOS gives up after one round of failed boots; the server may come later. Milliseconds. */
const TRY_AGAIN_MS = 5_000;

/** A virtual machine that boots from the network as this node does, for `virsh define`. */
export function libvirtDomain({ profiles, node: wanted, uefi, network }: LibvirtDomainInput): string {
  const { profile, node } = findNode(profiles, wanted);
  const arm = profile.arch === 'arm64';
  const lines = [
    '<!-- Written by `pilotlight export libvirt-domain`: virsh define FILE; virsh start NAME -->',
    "<domain type='kvm'>",
    `  <name>${escaped(node.name)}</name>`,
    ...(node.uuid === undefined ? [] : [`  <uuid>${escaped(node.uuid)}</uuid>`]),
    // An image that runs from memory has to fit into it, packed and unpacked.
    "  <memory unit='GiB'>4</memory>",
    '  <vcpu>2</vcpu>',
    ...(node.serial === undefined ? [] : sysinfo(node.serial)),
    arm || uefi ? "  <os firmware='efi'>" : '  <os>',
    arm ? "    <type arch='aarch64' machine='virt'>hvm</type>" : "    <type arch='x86_64' machine='q35'>hvm</type>",
    // Kernels that are not signed for it.
    ...(arm || uefi ? ['    <firmware>', "      <feature enabled='no' name='secure-boot'/>", '    </firmware>'] : []),
    "    <boot dev='network'/>",
    "    <boot dev='hd'/>",
    ...(arm || uefi ? [] : [`    <bios useserial='yes' rebootTimeout='${String(TRY_AGAIN_MS)}'/>`]),
    ...(node.serial === undefined ? [] : ["    <smbios mode='sysinfo'/>"]),
    '  </os>',
    '  <features>',
    '    <acpi/>',
    '  </features>',
    "  <cpu mode='host-passthrough'/>",
    '  <devices>',
    "    <interface type='network'>",
    ...(node.mac === undefined ? [] : [`      <mac address=${attribute(node.mac)}/>`]),
    `      <source network=${attribute(network)}/>`,
    "      <model type='virtio'/>",
    '    </interface>',
    "    <serial type='pty'/>",
    "    <console type='pty'/>",
    "    <rng model='virtio'>",
    "      <backend model='random'>/dev/urandom</backend>",
    '    </rng>',
    '  </devices>',
    '</domain>',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function sysinfo(serial: string): string[] {
  return [
    "  <sysinfo type='smbios'>",
    '    <system>',
    `      <entry name='serial'>${escaped(serial)}</entry>`,
    '    </system>',
    '  </sysinfo>',
  ];
}
