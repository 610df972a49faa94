import { expect, it } from 'vitest';
import type { Cluster, Profile } from '../../src/model/profile.ts';
import { clusterData, clusterSize, NO_LINKS, SAMPLE_LINKS, type ClusterLinks } from '../../src/boot/cluster-data.ts';
import { compileTemplate } from '../../src/templates/template.ts';

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
