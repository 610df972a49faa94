import { resolve } from 'node:path';
import { EXPORTS, NODE_EXPORTS } from '../../exports/export-kinds.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/name.ts';
import { type Command, EXIT } from '../command.ts';

export const exportCommand: Command = {
  name: 'export',
  usage: `${EXPORTS.join('|')} [NODE]`,
  summary: "print the profiles' machines as configuration for what stands beside this server",
  details:
    'dnsmasq: addresses, names and boot options, for /etc/dnsmasq.d. libvirt-network: the same as a network for\n' +
    '`virsh net-define`. libvirt-domain NODE: a virtual machine for `virsh define`. hosts: lines for /etc/hosts.\n' +
    'ansible-inventory: YAML. ssh-config, known-hosts: logins by name, with the host keys of profiles that keep them.\n' +
    "guestinfo NODE, ignition-fw-cfg NODE, config-drive NODE -o FILE.iso: the node's own configuration for VMware, for\n" +
    'QEMU, and as a volume that its system finds. The text goes to standard output, or with -o to a file; the same\n' +
    'folder gives the same text.',
  flags: [
    { flag: 'output', short: 'o', type: 'string', value: 'FILE', help: 'write it to this file, whole or not at all' },
    { flag: 'force', type: 'boolean', help: 'with -o: replace the file if it is there' },
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
      help: 'for dnsmasq and libvirt-network: SRV records of the etcd cluster on its nodes',
    },
    { flag: 'uefi', type: 'boolean', help: 'for libvirt-domain: UEFI instead of BIOS' },
    {
      flag: 'plug',
      type: 'string',
      value: 'NAME',
      help: "for libvirt-domain: libvirt's network (default: pilotlight)",
    },
    {
      flag: 'user',
      type: 'string',
      value: 'NAME',
      help: "for ssh-config: who logs in (default: the image's own user)",
    },
    {
      flag: 'known-hosts',
      type: 'string',
      value: 'FILE',
      help: 'for ssh-config: where the exported keys lie (default: ~/.ssh/pilotlight_known_hosts)',
    },
  ],
  words: { min: 1, max: 2 },
  async run(invocation, context) {
    const [word = '', node] = invocation.words;
    const kind = EXPORTS.find((candidate) => candidate === word);
    if (kind === undefined) {
      const near = nearest(word, EXPORTS);
      throw new Failure('invalid', `there is no export "${word}"`, {
        remedy: near === undefined ? `one of ${EXPORTS.join(', ')}` : `did you mean ${near}?`,
      });
    }
    if (node !== undefined && !NODE_EXPORTS.has(kind)) {
      throw new Failure('invalid', `${kind} is about every machine: it takes no further word`);
    }
    const name = invocation.text('output');
    const { exportText } = await import('../../exports/export.ts');
    const text = await exportText(invocation.settings, {
      kind,
      server: invocation.text('server'),
      domain: invocation.text('domain'),
      network: invocation.text('network'),
      etcd: invocation.text('etcd'),
      node,
      uefi: invocation.has('uefi'),
      plug: invocation.text('plug'),
      user: invocation.text('user'),
      knownHosts: invocation.text('known-hosts'),
      output:
        name === undefined ? undefined : { name, path: resolve(context.cwd, name), force: invocation.has('force') },
    });
    context.stdout.write(text);
    return EXIT.ok;
  },
};
