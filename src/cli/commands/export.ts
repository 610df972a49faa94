import { EXPORTS, exportText } from '../../app/export.ts';
import { Failure } from '../../domain/failure.ts';
import { nearest } from '../../domain/nearest.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';

export const exportCommand: Command = {
  name: 'export',
  usage: EXPORTS.join('|'),
  summary: "print the profiles' machines as configuration for what stands beside this server",
  details:
    'dnsmasq: addresses, names and boot options, for /etc/dnsmasq.d. libvirt-network: the same as a network for\n' +
    '`virsh net-define`. hosts: lines for /etc/hosts. ansible-inventory: YAML. The text goes to standard output; the same\n' +
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
  ],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    const word = invocation.words[0] ?? '';
    const kind = EXPORTS.find((candidate) => candidate === word);
    if (kind === undefined) {
      const near = nearest(word, EXPORTS);
      throw new Failure('invalid', `there is no export "${word}"`, {
        remedy: near === undefined ? `one of ${EXPORTS.join(', ')}` : `did you mean ${near}?`,
      });
    }
    const text = await exportText(invocation.settings, {
      kind,
      server: invocation.text('server'),
      domain: invocation.text('domain'),
      network: invocation.text('network'),
      etcd: invocation.text('etcd'),
    });
    context.stdout.write(text);
    return EXIT.ok;
  },
};
