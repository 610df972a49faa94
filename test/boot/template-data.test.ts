import { expect, it } from 'vitest';
import {
  clusterData,
  type ClusterLinks,
  clusterSize,
  NO_LINKS,
  SAMPLE_LINKS,
  templateData,
} from '../../src/boot/template-data.ts';
import type { Cluster, Profile } from '../../src/model/profile.ts';
import { compileTemplate } from '../../src/templates/template.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const NODES = [{ name: 'a' }, { name: 'b' }];
const LINKS: ClusterLinks = { discoveryUrl: ({ name }) => `http://pxe/discovery/of-${name}` };

function render(source: string, cluster: Partial<Cluster> | undefined, links = LINKS): string {
  const whole = cluster && { name: 'lab', mode: 'discovery', state: 'new', ...cluster };
  const profile = { file: 'profiles/a.json', nodes: NODES, cluster: whole } as unknown as Profile;
  return compileTemplate(source, 'a.hbs').render({ cluster: clusterData(profile, NODES, links) });
}

it('is the list of the nodes, with what the profile says of their cluster', () => {
  const each = '{{#each cluster}}{{name}} {{/each}}';
  expect(render(each, undefined)).toBe('a b ');
  expect(render(each, {})).toBe('a b ');
  expect(render('{{json cluster}}', {})).toBe('[{"name":"a"},{"name":"b"}]');
  expect(render('{{cluster.name}} {{cluster.size}} {{cluster.mode}} {{cluster.state}}', { size: 5 })).toBe(
    'lab 5 discovery new',
  );
  expect(render('{{cluster.discovery_url}} {{cluster.token}}', {})).toBe('http://pxe/discovery/of-lab of-lab');
  expect(render('{{has cluster "discovery_url"}}', { mode: 'static' })).toBe('false');
  expect(() => render('{{cluster.name}}', undefined)).toThrow('"cluster.name" is not there');
});

it('makes only those templates wait that name the URL', () => {
  expect(render('{{cluster.name}}', {}, NO_LINKS)).toBe('lab');
  expect(() => render('{{cluster.discovery_url}}', {}, NO_LINKS)).toThrow(
    expect.objectContaining({ code: 'unavailable', message: 'the cluster lab has no discovery token' }),
  );
  expect(render('{{cluster.discovery_url}}', {}, SAMPLE_LINKS)).toMatch(
    /^http:\/\/192\.0\.2\.1:4777\/discovery\/0{32}$/,
  );
});

it('waits for as many members as the profile says, else for each node, else for three', () => {
  const nodes = (length: number) => ({ nodes: Array.from({ length }) as Profile['nodes'] });
  expect(clusterSize(nodes(2), { size: 5 })).toBe(5);
  expect([0, 1, 9, 10].map((n) => clusterSize(nodes(n), {}))).toEqual([3, 1, 9, 3]);
});

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
  const { catalog } = await contextOf(FILES);
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

it('looks at the other nodes only for a template that names them, and once', async () => {
  const { catalog } = await contextOf(FILES);
  const match = catalog.current().match(factsOf({ mac: '525400551cee' }));
  if (match === undefined) throw new TypeError('no profile matched');
  let looks = 0;
  const profile: Profile = Object.create(match.profile, {
    nodes: {
      get: () => {
        looks += 1;
        return match.profile.nodes;
      },
    },
  }) as Profile;
  const data = templateData({ ...match, profile }, {}, originOf(), catalog.current());
  expect(compileTemplate('{{node.name}} {{vars.role}}', 'a.hbs').render(data)).toBe('a db');
  expect(looks).toBe(0);
  expect(compileTemplate('{{cluster.length}}{{#each cluster}} {{name}}{{/each}}', 'b.hbs').render(data)).toBe('2 a b');
  expect(looks).toBe(1);
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
  const { catalog } = await contextOf({
    'profiles/i.json': { system: 'flatcar', version: '1.0.0', default: true, install: { disk: '/dev/sda' } },
  });
  const match = catalog.current().match({});
  if (match === undefined) throw new TypeError('nobody matched');
  expect(templateData(match, {}, originOf(), catalog.current())['install']).toEqual({ disk: '/dev/sda' });
});
