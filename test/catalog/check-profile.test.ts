import { expect, test } from 'vitest';
import { checkProfile } from '../../src/catalog/check-profile.ts';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { parseName } from '../../src/model/name.ts';
import type { JsonObject } from '../../src/model/profile.ts';

function told(raw: JsonObject): readonly string[] {
  const name = parseName('p');
  if (name === undefined) throw new Error('p is a name');
  return checkProfile(buildProfile(name, 'profiles/p.json', raw)).map(
    ({ severity, path, message, other }) =>
      `${severity} ${path.join('/')}: ${message}${other === undefined ? '' : ` <> ${other.join('/')}`}`,
  );
}

const A = { name: 'a', mac: '52:54:00:00:00:01' };

test('what is right is not spoken of', () => {
  expect(told({ nodes: [A, { name: 'b', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', ip: '::1' }] })).toEqual([]);
  expect(told({ system: 'custom', kernel: 'a/b', initrd: 'a/c' })).toEqual([]);
});

test('custom needs a kernel, unless the machine goes to its disk', () => {
  expect(told({ system: 'custom' })).toEqual(['error : the system custom needs a `kernel`']);
  expect(told({ system: 'custom', boot: 'local' })).toEqual([]);
});

test('a kernel beside a system that has its own is ignored, with a warning', () => {
  expect(told({ system: 'flatcar', kernel: 'a', initrd: 'b' })).toEqual([
    'warning kernel: `kernel` is ignored: the system flatcar knows its own files',
    'warning initrd: `initrd` is ignored: the system flatcar knows its own files',
  ]);
});

test("Ubuntu's installer reads nocloud over http from 22.04.3 on", () => {
  const ubuntu = (version: string): readonly string[] => told({ system: 'ubuntu', nocloud: 'web', version });
  for (const version of ['20.04.6', '22.04', '22.04.2', '22.10', '23.04'])
    expect(ubuntu(version)).toEqual([
      `warning version: Ubuntu ${version} may not read its \`nocloud\` over the network: its cloud-init is older than 23.2`,
    ]);
  for (const version of ['', '22.04.3', '22.04.10', '23.10', '24.04', '24.04.5.1']) expect(ubuntu(version)).toEqual([]);
  expect(told({ system: 'ubuntu', version: '20.04.6' })).toEqual([]);
  expect(told({ system: 'debian', nocloud: 'web', version: '20.04' })).toEqual([]);
});

test('a node that nothing can match is an error', () => {
  expect(told({ nodes: [{ name: 'a', ip: '10.0.0.1' }] })).toEqual([
    'error nodes/0: the node a has neither mac, uuid nor serial, so no machine can match it',
  ]);
});

test('an address that is none is an error', () => {
  expect(told({ nodes: [{ ...A, ip: '10.0.0.256' }] })).toEqual([
    'error nodes/0/ip: "10.0.0.256" is not an IPv4 or IPv6 address',
  ]);
});

test.each(['To Be Filled By O.E.M.', 'default string', '0', 'None'])(
  'the serial %j identifies nobody: a warning',
  (serial) => {
    expect(told({ nodes: [{ name: 'a', serial }] })).toEqual([
      `warning nodes/0/serial: the serial "${serial}" is what boards without one report: many machines may match`,
    ]);
  },
);

test('two nodes may share nothing', () => {
  const both = { uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', serial: 'X1', ip: '2001:db8::1' };
  const twin = {
    name: 'A',
    mac: '52-54-00-00-00-01',
    uuid: both.uuid.toUpperCase(),
    serial: 'x1',
    ip: '2001:db8:0::1',
  };
  expect(told({ nodes: [{ ...A, ...both }, twin] })).toEqual([
    'error nodes/1/mac: the mac 52:54:00:00:00:01 belongs to two nodes of this profile <> nodes/0/mac',
    `error nodes/1/uuid: the uuid ${both.uuid} belongs to two nodes of this profile <> nodes/0/uuid`,
    'error nodes/1/serial: the serial x1 belongs to two nodes of this profile <> nodes/0/serial',
    'error nodes/1/name: the name a belongs to two nodes of this profile <> nodes/0/name',
    'error nodes/1/ip: the ip 2001:db8:0:0:0:0:0:1 belongs to two nodes of this profile <> nodes/0/ip',
  ]);
});
