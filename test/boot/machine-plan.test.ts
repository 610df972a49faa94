import { expect, test } from 'vitest';
import { documentLinks, installLinks, reportLinks } from '../../src/boot/machine-plan.ts';
import { whoFromSegment } from '../../src/http/names.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const FILES = {
  'profiles/u.json': {
    system: 'ubuntu',
    version: '24.04.1',
    nocloud: 'u',
    generic: 'g',
    nodes: [
      { name: 'a', mac: '525400551cee' },
      { name: 'b', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
      { name: 'c', serial: 'SN/77' },
    ],
  },
  'configs/u': '#cloud-config\n',
  'configs/g.hbs': '{{node.name}}\n',
};
const OTHER_MAC = '525400000099';

test.each([
  ['mac', { mac: '525400551cee', uuid: '00000000-0000-0000-0000-000000000001' }, '52-54-00-55-1c-ee', 'a'],
  [
    'uuid',
    { mac: OTHER_MAC, uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    'mac=52-54-00-00-00-99&uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    'b',
  ],
  ['serial', { mac: OTHER_MAC, serial: 'sn/77' }, 'mac=52-54-00-00-00-99&serial=sn%2F77', 'c'],
])('a machine known by its %s finds its own seed again', async (_by, told, segment, name) => {
  const { catalog, bootService } = await contextOf(FILES);
  const facts = factsOf(told);
  const snapshot = catalog.current();
  const match = snapshot.match(facts);
  if (match === undefined) throw new TypeError('nobody matched');
  const links = documentLinks(match, facts, originOf(), snapshot.documents);
  expect(links.nocloud).toBe(`${originOf()}/nocloud/${segment}/`);
  // What the server reads out of that address leads to the same node.
  const answer = await bootService.nocloud('meta-data', { facts: whoFromSegment(segment).facts, origin: originOf() });
  expect(answer.body.toString('utf8')).toContain(`local-hostname: "${name}"`);
  expect(links.generic).toContain('/configs/g?mac=');
});

test.each([
  ['mac', { mac: '525400551cee', uuid: '00000000-0000-0000-0000-000000000001' }, '52-54-00-55-1c-ee', ''],
  [
    'uuid',
    { mac: OTHER_MAC, uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    '52-54-00-00-00-99',
    '?uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437',
  ],
  ['serial', { mac: OTHER_MAC, serial: 'sn/77' }, '52-54-00-00-00-99', '?serial=sn%2F77'],
  [
    'uuid, without a MAC',
    { uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    'uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    '',
  ],
])('a machine known by its %s reports as itself', async (_by, told, machine, query) => {
  const { catalog } = await contextOf(FILES);
  const facts = factsOf(told);
  const match = catalog.current().match(facts);
  if (match === undefined) throw new TypeError('nobody matched');
  expect(reportLinks(match, facts, originOf())).toEqual({
    up: `${originOf()}/phone-home/${machine}${query}`,
    installed: `${originOf()}/installed/${machine}${query}`,
  });
  const segment = documentLinks(match, facts, originOf(), new Map()).nocloud?.split('/').at(-2) ?? '';
  expect(installLinks(match, facts, originOf())).toEqual({
    ignition: `${originOf()}/install/${segment}/ignition`,
    cloudConfig: `${originOf()}/install/${segment}/cloud-config`,
    report: `${originOf()}/installed/${machine}${query}`,
  });
});

test('what was chosen at the screen of a machine goes with its reports', async () => {
  const { catalog } = await contextOf(FILES);
  const profile = catalog.current().profiles.get('u');
  if (profile === undefined) throw new TypeError('no profile');
  const facts = factsOf({ mac: OTHER_MAC });
  const links = installLinks({ profile, by: 'choice' }, facts, originOf());
  expect(links?.report).toBe(`${originOf()}/installed/52-54-00-00-00-99?profile=u`);
  expect(links?.ignition).toBe(`${originOf()}/install/mac=52-54-00-00-00-99&profile=u/ignition`);
});

test('who has no identity has nothing to report as', async () => {
  const { catalog } = await contextOf(FILES);
  const profile = catalog.current().profiles.get('u');
  if (profile === undefined) throw new TypeError('no profile');
  expect(reportLinks({ profile, by: 'default' }, {}, originOf())).toBeUndefined();
  expect(installLinks({ profile, by: 'default' }, {}, originOf())).toBeUndefined();
});
