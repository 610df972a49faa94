import { parseMac } from '../../src/model/machine.ts';
import { parseOrigin } from '../../src/model/plan.ts';
import type { Node, Profile } from '../../src/model/profile.ts';
import type { Server } from '../../src/exports/export-options.ts';
import { hostsOf, type Host } from '../../src/exports/host.ts';
import { nameOf } from '../support/app-context.ts';

interface NodeText {
  readonly name: string;
  readonly mac?: string;
  readonly ip?: string;
}

export function profileOf(name: string, nodes: readonly NodeText[], more: Partial<Profile> = {}): Profile {
  return {
    name: nameOf(name),
    file: `profiles/${name}.json`,
    system: 'flatcar',
    arch: 'amd64',
    channel: 'stable',
    update: 'auto',
    version: '4593.2.5',
    console: [],
    kernel_args: [],
    initrd: [],
    vars: {},
    nodes: nodes.map(nodeOf),
    default: false,
    local_boot: 'auto',
    boot: 'image',
    phone_home: false,
    ssh_host_keys: false,
    secrets: false,
    secure_boot: false,
    raw: {},
    ...more,
  };
}

function nodeOf({ name, mac, ip }: NodeText): Node {
  const address = mac === undefined ? undefined : parseMac(mac);
  return {
    name,
    mac: address,
    ip,
    vars: {},
  };
}

export const SERVER: Server = {
  address: '192.168.122.10',
  origin: parseOrigin('http://192.168.122.10:4777') ?? missing(),
};

/** What an operator's folder holds after a while: several profiles, and nodes that lack this and that. */
export function sampleHosts(): readonly Host[] {
  return hostsOf([
    profileOf('workers', [
      { name: 'w2', mac: '52:54:00:00:00:22', ip: '192.168.122.22' },
      { name: 'w10', mac: '52:54:00:00:00:aa', ip: '192.168.122.110' },
      { name: '10m', mac: '52:54:00:00:00:0a', ip: '192.168.122.210' },
      { name: 'no-address', mac: '52:54:00:00:00:01' },
      { name: 'by--uuid', ip: '192.168.122.9' },
    ]),
    profileOf('db-1', [{ name: 'db_1.lab', mac: '52:54:00:00:00:db', ip: '2001:db8::5' }], { system: 'ubuntu' }),
    profileOf('elsewhere', [{ name: 'far', mac: '52:54:00:00:00:fa', ip: '10.1.2.3' }], { system: 'talos' }),
  ]);
}

export function missing(): never {
  throw new TypeError('the test is wrong');
}
