import { EXPORTS } from '../../app/export-kinds.ts';
import { Failure } from '../../domain/failure.ts';
import { nearest } from '../../domain/nearest.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';

export const exportCommand: Command = {
  name: 'export',
  usage: `${EXPORTS.join('|')} [NODE]`,
  summary: "print the profiles' machines as configuration for what stands beside this server",
  details:
    'dnsmasq: addresses, names and boot options, for /etc/dnsmasq.d. libvirt-network: the same as a network for\n' +
    '`virsh net-define`. libvirt-domain NODE: a virtual machine for `virsh define`. hosts: lines for /etc/hosts. ansible-inventory: YAML. The text goes to standard output; the same\n' +
    'folder gives the same text.',
  flags: [
    { flag: 'server', type: 'string', value: 'ADDRESS', help: "this server's IPv4 address, as machines reach it" },
    { flag: 'domain', type: 'string', value: 'DOMAIN', help: "the machines' DNS domain" },
    {
      flag: 'network',
      type: 'string',
      value: 'ADDRESS/PREFIX',
      help: "the router's address and the network's size: dnsmasq then hands out addresses (libvirt-network: default /24)",
    },
    {
      flag: 'etcd',
      type: 'string',
      value: 'PROFILE',
      help: 'for dnsmasq: SRV records of the etcd cluster on its nodes',
    },
    { flag: 'uefi', type: 'boolean', help: 'for libvirt-domain: UEFI instead of BIOS' },
    {
      flag: 'plug',
      type: 'string',
      value: 'NAME',
      help: "for libvirt-domain: libvirt's network (default: pilotlight)",
    },
  ],
  words: { min: 1, max: 2 },
  async run(invocation, context) {
    const word = invocation.words[0] ?? '';
    const kind = EXPORTS.find((candidate) => candidate === word);
    if (kind === undefined) {
      const near = nearest(word, EXPORTS);
      throw new Failure('invalid', `there is no export "${word}"`, {
        remedy: near === undefined ? `one of ${EXPORTS.join(', ')}` : `did you mean ${near}?`,
      });
    }
    if (invocation.words.length > 1 && kind !== 'libvirt-domain') {
      throw new Failure('invalid', `${kind} is about every machine: it takes no further word`);
    }
    const { exportText } = await import('../../app/export.ts');
    const text = await exportText(invocation.settings, {
      kind,
      server: invocation.text('server'),
      domain: invocation.text('domain'),
      network: invocation.text('network'),
      etcd: invocation.text('etcd'),
      node: invocation.words[1],
      uefi: invocation.has('uefi'),
      plug: invocation.text('plug'),
    });
    context.stdout.write(text);
    return EXIT.ok;
  },
};
