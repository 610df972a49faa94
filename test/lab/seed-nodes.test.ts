import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FLATCAR_NAMES, makeDataFolder } from '../support/lab-data.ts';
import { bootMachine } from '../support/lab-machine.ts';
import { labEquipment } from '../support/lab-equipment.ts';
import { startServer } from '../support/lab-server.ts';

// Hyphenated keys and $private_ipv4 are what Flatcar does not understand on PXE: the goldens hold what the nodes need.
const TEMPLATE = `#cloud-config
hostname: {{node.name}}
coreos:
  etcd2:
    name: {{node.name}}
    advertise-client-urls: http://$private_ipv4:2379
    initial-cluster: {{#each cluster}}{{#unless @first}},{{/unless}}{{name}}=http://{{ip}}:2380{{/each}}
  fleet:
    metadata: role={{vars.role}},disk={{vars.disk}}
`;
const NODES = [
  { name: 'a-coreos', mac: '52:54:00:55:1c:ee', ip: '192.168.122.2', vars: { role: 'lead' } },
  { name: 'b-coreos', mac: '52:54:00:47:51:e4', ip: '192.168.122.3' },
  { name: 'c-coreos', mac: '52:54:00:81:ac:aa', ip: '192.168.122.4', vars: { disk: 'nvme' } },
];

const { lab, payload } = await labEquipment();

lab.test('three nodes boot at once, each with its own configuration from one template', async () => {
  await using data = await makeDataFolder({
    'configs/node.yml.hbs': TEMPLATE,
    'profiles/nodes.json': {
      system: 'flatcar',
      version: '4593.2.5',
      cloud_config: 'node',
      console: ['ttyS0'],
      vars: { role: 'worker', disk: 'sda' },
      nodes: NODES,
    },
  });
  await data.publish(payload, 'flatcar/amd64/4593.2.5', FLATCAR_NAMES);
  await using server = await startServer({ dataDir: data.path });

  const runs = await Promise.all(
    NODES.map(async ({ name, mac }) => bootMachine({ name, url: `${server.guestUrl}/boot.ipxe`, mac })),
  );

  for (const [i, { name, mac }] of NODES.entries()) {
    expect(runs[i]?.mac).toBe(mac);
    expect(runs[i]?.documents.map(({ word, url }) => [word, url])).toEqual([
      ['cloud-config-url', `${server.guestUrl}/configs/node.yml?mac=${mac.replaceAll(':', '-')}`],
    ]);
    const golden = readFileSync(join(import.meta.dirname, '..', 'golden', 'lab', `${name}.yml`));
    expect(runs[i]?.documents[0]?.bytes.toString()).toBe(golden.toString());
  }
});
