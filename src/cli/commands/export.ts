import { resolve } from 'node:path';
import { EXPORTS, NODE_EXPORTS } from '../../exports/export-options.ts';
import { Failure } from '../../model/failure.ts';
import { nearest } from '../../model/text.ts';
import { type Command, EXIT } from '../command.ts';

export const exportCommand: Command = {
  name: 'export',
  words: `<${EXPORTS.join('|')}> [NODE]`,
  summary: "print the profiles' machines as configuration for what stands beside this server",
  details:
    'dnsmasq: addresses, names and boot options, for /etc/dnsmasq.d. libvirt-network: the same as a network for\n' +
    '`virsh net-define`. libvirt-domain NODE: a virtual machine for `virsh define`. hosts: lines for /etc/hosts.\n' +
    'ansible-inventory: YAML. ssh-config, known-hosts: logins by name, with the host keys of profiles that keep them.\n' +
    "guestinfo NODE, ignition-fw-cfg NODE, config-drive NODE -o FILE.iso: the node's own configuration for VMware, for\n" +
    'QEMU, and as a volume that its system finds. The text goes to standard output, or with -o to a file; the same\n' +
    'folder gives the same text.',
  options: {
    '-o, --output <FILE>': 'write it to this file, whole or not at all',
    '--force': 'with -o: replace the file if it is there',
    '--server <ADDRESS>': "this server's IPv4 address, as machines reach it",
    '--server6 <ADDRESS>': 'for dnsmasq: its IPv6 address, for firmware that boots over IPv6, too',
    '--domain <DOMAIN>': "the machines' DNS domain",
    '--network <ADDRESS/PREFIX>':
      "the router's address and the network's size: dnsmasq then hands out addresses (libvirt-network: default /24)",
    '--etcd <PROFILE>': 'for dnsmasq and libvirt-network: SRV records of the etcd cluster on its nodes',
    '--uefi': 'for libvirt-domain: UEFI instead of BIOS',
    '--plug <NAME>': "for libvirt-domain: libvirt's network (default: pilotlight)",
    '--user <NAME>': "for ssh-config: who logs in (default: the image's own user)",
    '--known-hosts <FILE>': 'for ssh-config: where the exported keys lie (default: ~/.ssh/pilotlight_known_hosts)',
  },
  async run({ settings, words, text, has }, { cwd, stdout }) {
    const [word = '', node] = words;
    const kind = EXPORTS.find((one) => one === word);
    if (kind === undefined) {
      const near = nearest(word, EXPORTS);
      throw new Failure('invalid', `there is no export "${word}"`, {
        remedy: near === undefined ? `one of ${EXPORTS.join(', ')}` : `did you mean ${near}?`,
      });
    }
    if (node !== undefined && !NODE_EXPORTS.has(kind)) {
      throw new Failure('invalid', `${kind} is about every machine: it takes no further word`);
    }
    const { exportText } = await import('../../exports/export.ts');
    const name = text('output');
    const output = name === undefined ? undefined : { name, path: resolve(cwd, name), force: has('force') };
    const request = {
      ...{ kind, node, output, uefi: has('uefi'), knownHosts: text('known-hosts') },
      ...{ server: text('server'), server6: text('server6'), domain: text('domain'), network: text('network') },
      ...{ etcd: text('etcd'), plug: text('plug'), user: text('user') },
    };
    stdout.write(await exportText(settings, request));
    return EXIT.ok;
  },
};
