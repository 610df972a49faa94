import { expect, it } from 'vitest';
import { templateData } from '../../src/boot/template-data.ts';
import { factsOf, houseOf, originOf } from '../support/house.ts';

const FILES = {
  'profiles/p.json': {
    version: '1.0.0',
    default: true,
    vars: { role: 'x', domain: 'lan' },
    nodes: [
      { name: 'a', mac: '525400551cee', ip: '10.0.0.2', vars: { role: 'db' } },
      { name: 'b', mac: '525400551cef' },
    ],
  },
  'sshkeys/me.pub': 'ssh-ed25519 AAAA me',
};

async function seen(told: Parameters<typeof factsOf>[0]) {
  const { catalog } = await houseOf(FILES);
  const facts = factsOf(told);
  const match = catalog.current().match(facts);
  if (match === undefined) throw new TypeError('nobody matched');
  return templateData(match, facts, originOf(), catalog.current());
}

it('what the file says of a node wins over what the machine says of itself', async () => {
  expect(await seen({ mac: '525400551cee', hostname: 'evil', serial: 'S1' })).toMatchObject({
    node: { name: 'a', hostname: 'a', mac: '52:54:00:55:1c:ee', ip: '10.0.0.2', serial: 'S1' },
    vars: { role: 'db', domain: 'lan' },
    request: { hostname: 'evil' },
    profile: { name: 'p', version: '1.0.0', system: 'coreos', arch: 'amd64', default: true },
    ssh_keys: { me: 'ssh-ed25519 AAAA me' },
    base_url: originOf(),
    cluster: [{ name: 'a' }, { name: 'b' }],
  });
});

it('a machine that boots the default profile is itself, without a name', async () => {
  const { node, vars } = await seen({ mac: '525400000001', hostname: 'h' });
  expect(node).toEqual({ mac: '52:54:00:00:00:01', hostname: 'h' });
  expect(vars).toEqual({ role: 'x', domain: 'lan' });
});

it('tells where to report, with a unit that does it, and the disk of an installation', async () => {
  const { install, report } = await seen({ mac: '525400551cee' });
  expect(install).toEqual({});
  expect(report).toEqual({
    up_url: `${originOf()}/phone-home/52-54-00-55-1c-ee`,
    installed_url: `${originOf()}/installed/52-54-00-55-1c-ee`,
    up_unit: expect.stringContaining(`${originOf()}/phone-home/52-54-00-55-1c-ee`) as string,
  });
  expect((await seen({}))['report']).toEqual({});
  const { catalog } = await houseOf({
    'profiles/i.json': { system: 'flatcar', version: '1.0.0', default: true, install: { disk: '/dev/sda' } },
  });
  const match = catalog.current().match({});
  if (match === undefined) throw new TypeError('nobody matched');
  expect(templateData(match, {}, originOf(), catalog.current())['install']).toEqual({ disk: '/dev/sda' });
});
