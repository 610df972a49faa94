import { describe, expect, test } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { checkProfile, namesIn } from '../../src/catalog/read-profile.ts';
import { type JsonObject, parseName } from '../../src/model/profile.ts';
import { lines, read, seeded } from './data-folder.ts';

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

test("Ubuntu's installer reads nocloud over http, however old its cloud-init is: `dsmode=net` asks for it", () => {
  for (const version of ['20.04.6', '22.04.2', '22.10', '24.04'])
    expect(told({ system: 'ubuntu', nocloud: 'web', version })).toEqual([]);
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

test.each([
  ...['To Be Filled By O.E.M.', 'default string', '0', 'None', 'N/A', 'Not  Specified', 'System Serial Number'],
  ...['0123456789', '123456789'],
])('the serial %j identifies nobody: a warning', (serial) => {
  expect(told({ nodes: [{ name: 'a', serial }] })).toEqual([
    `warning nodes/0/serial: the serial "${serial}" is what boards without one report: many machines may match`,
  ]);
});

test('two nodes may share nothing', () => {
  const both = { uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', serial: 'X1', ip: '2001:db8::1' };
  const duplicate = {
    name: 'A',
    mac: '52-54-00-00-00-01',
    uuid: both.uuid.toUpperCase(),
    serial: 'x1',
    ip: '2001:db8:0::1',
  };
  expect(told({ nodes: [{ ...A, ...both }, duplicate] })).toEqual([
    'error nodes/1/mac: the mac 52:54:00:00:00:01 belongs to two nodes of this profile <> nodes/0/mac',
    `error nodes/1/uuid: the uuid ${both.uuid} belongs to two nodes of this profile <> nodes/0/uuid`,
    'error nodes/1/serial: the serial x1 belongs to two nodes of this profile <> nodes/0/serial',
    'error nodes/1/name: the name a belongs to two nodes of this profile <> nodes/0/name',
    'error nodes/1/ip: the ip 2001:db8:0:0:0:0:0:1 belongs to two nodes of this profile <> nodes/0/ip',
  ]);
});

test('identities are found in a text that nothing can parse', () => {
  const text = `{ "nodes": [ { "name": "a" "mac": "52-54-00-55-1C-EE", }
    {"uuid": "C6C30F6A-4a1b-4337-8325-c4c2543ad437", "serial" : "CZC 12"}`;
  expect(namesIn(text)).toEqual([
    'mac 52:54:00:55:1c:ee',
    'uuid c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    'serial czc 12',
  ]);
});

test('a serial number is found under its key, with so much space as people write, and so long as one may be', () => {
  const [space, long] = [' '.repeat(20), 'S'.repeat(128)];
  expect(namesIn(`"serial"${space}:${space}"X 1"`)).toEqual(['serial x 1']);
  expect(namesIn(`"serial":"${long}"`)).toEqual([`serial ${long.toLowerCase()}`]);
  for (const none of [`"serial"${space} :"X1"`, `"serial":${space} "X1"`, `"serial":"${long}S"`, '"serials":"X1"'])
    expect(namesIn(none)).toEqual([]);
  expect(namesIn('"serial":"A","serial":"B"')).toEqual(['serial a', 'serial b']);
});

test('a MAC is found in each spelling, and only as a whole word', () => {
  for (const mac of ['525400551cee', '5254.0055.1CEE', '52-54-00-55-1c-ee'])
    expect(namesIn(`"${mac}"`)).toEqual(['mac 52:54:00:55:1c:ee']);
  for (const none of ['52:54:00:55:1c:ee', '"52:54:00:55:1c:ee', '"52:54:00:55:1c:eg"', '"52:54:00:55:1c:ee "'])
    expect(namesIn(none)).toEqual([]);
});

test('what identifies nobody is not found', () => {
  expect(namesIn('"00000000-0000-0000-0000-000000000000" "52:54" "beef" "serial": ""')).toEqual([]);
});

test('a megabyte of quotes is soon read', () => {
  const begin = performance.now();
  namesIn('"'.repeat(1_000_000));
  namesIn(`"serial"${' '.repeat(1_000_000)}`);
  namesIn('"serial":'.repeat(100_000));
  expect(performance.now() - begin).toBeLessThan(5_000);
});

test('a good profile comes with its bytes and no words', () => {
  const text = '{\n  "cloud_config": "b",\n  "version": "310.1.0"\n}\n';
  const { thing, problems } = read(text);
  expect(problems).toEqual([]);
  expect(thing?.profile).toMatchObject({ name: 'p', file: 'profiles/p.json', cloud_config: 'b', version: '310.1.0' });
  expect(thing?.bytes.toString()).toBe(text);
  expect(thing?.places.value(['version'])).toEqual({ line: 3, column: 14 });
});

test('problems have file, line, column, JSON path, message and remedy', () => {
  const { thing, problems } = read(
    '{\n  "nodes": [\n    { "name": "a", "mac": "52:54:00:00:00:01" },\n    { "name": "b", "mca": "x" }\n  ],\n  "cloud_confg": "a"\n}',
  );
  expect(thing).toBeUndefined();
  expect(lines(problems)).toEqual([
    'profiles/p.json:6:3 cloud_confg: unknown key `cloud_confg` (did you mean `cloud_config`?)',
    'profiles/p.json:4:20 nodes[1].mca: unknown key `mca` (did you mean `mac`?)',
  ]);
});

test('a contradiction names both lines', () => {
  const { problems } = read(
    '{"nodes": [\n{"name": "a", "mac": "525400000001"},\n{"name": "b", "mac": "52:54:00:00:00:01"}]}',
  );
  expect(lines(problems)).toEqual([
    'profiles/p.json:3:22 nodes[1].mac: the mac 52:54:00:00:00:01 belongs to two nodes of this profile (also in line 2) (give it to one of them)',
  ]);
});

test('a warning does not keep a profile out', () => {
  const { thing, problems } = read('\uFEFF{"kernel": "a"}');
  expect(thing?.profile.kernel).toBe('a');
  expect(problems.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
});

test('what is not an object is said so', () => {
  expect(lines(read('[]').problems)).toEqual([
    'profiles/p.json:1:1: must be an object, not a list (a profile is one JSON object: { ... })',
  ]);
  expect(lines(read('"x"').problems)).toEqual([
    'profiles/p.json:1:1: must be an object, not a string (a profile is one JSON object: { ... })',
  ]);
  expect(lines(read('null').problems)).toEqual([
    'profiles/p.json:1:1: must be an object, not null (a profile is one JSON object: { ... })',
  ]);
});

test('a file whose name cannot be a profile is left out with a warning', () => {
  for (const file of [
    'profiles/a (copy).json',
    'profiles/a .json',
    'profiles/a..b.json',
    'profiles/é.json',
    'profiles/-x.json',
    `profiles/${'a'.repeat(129)}.json`,
  ]) {
    const { thing, problems } = read('{}', file);
    expect(thing).toBeUndefined();
    expect(problems).toMatchObject([{ severity: 'warning', place: { file } }]);
  }
});

test('the machines of a broken file are remembered by name', () => {
  const mac = { names: ['mac 52:54:00:00:00:01'] };
  expect(read('{"nodes": [{"name": "a", "mac": "52-54-00-00-00-01",}]}')).toMatchObject(mac);
  expect(read('{"nodes": [{"name": "a", "mac": "52-54-00-00-00-01"}], "x": 1}')).toMatchObject(mac);
  expect(read('{"system": "custom", "nodes": [{"name": "a", "mac": "52-54-00-00-00-01"}]}')).toMatchObject(mac);
});

test('nobody is told a thousand things', () => {
  const nodes = Array.from({ length: 1_000 }, (_, i) => ({ name: `n${i}` }));
  const { problems } = read(JSON.stringify({ nodes }));
  expect(problems).toHaveLength(21);
  expect(problems.at(-1)?.message).toBe('has more problems than are shown');
});

test('of more problems than are shown, the errors come first, and the last line weighs what the worst does', () => {
  const unknown = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`x${i}`, 1]));
  const warned = read(JSON.stringify(unknown));
  expect(warned.thing).toBeDefined();
  expect(warned.problems).toHaveLength(21);
  expect(new Set(warned.problems.map(({ severity }) => severity))).toEqual(new Set(['warning']));
  const refused = read(JSON.stringify({ ...unknown, version: 7 }));
  expect(refused.thing).toBeUndefined();
  expect(refused.problems.map(({ severity }) => severity)).toEqual([
    'error',
    ...Array<string>(19).fill('warning'),
    'error',
  ]);
  const twenty = Object.fromEntries(Object.entries(unknown).slice(0, 20));
  expect(read(JSON.stringify(twenty)).problems).toHaveLength(20);
});

test('a profile in a folder takes no machine: its keys for that are warned of and not looked at', () => {
  const text = '{"nodes": [{"name": "a", "mac": "52:54:00:00:00:01"}], "default": true, "menu": "Rescue"}';
  const { thing, problems } = read(text, 'profiles/aside/p.json');
  expect(thing?.profile).toMatchObject({ name: 'aside/p', nodes: [], default: false });
  expect(thing?.claims).toEqual([]);
  expect(problems.map(({ severity, place, remedy }) => `${severity} ${place.key} ${remedy}`)).toEqual(
    ['nodes', 'default', 'menu'].map((key) => `warning ${key} move the file to profiles/`),
  );
  expect(read(text.slice(0, -1), 'profiles/aside/p.json')).toMatchObject({ names: [] });
});

test('what is wrong in a version is found, also a line break at its end', () => {
  expect(lines(read('{"version": "1.2.3\\n"}').problems)[0]).toContain('version: "1.2.3\\n" holds a line break');
  expect(lines(read('{"version": "../x"}').problems)[0]).toContain('version: "../x" is not allowed here');
});

// Seeded, so that a failure can be repeated.
test('random bytes and damaged profiles never throw', () => {
  const random = seeded(20_261_121);
  const pick = (below: number): number => Math.floor(random() * below);
  const seed = Buffer.from(
    JSON.stringify({
      cloud_config: 'b',
      console: ['tty0', 'ttyS0'],
      vars: { a: [{ b: null }] },
      nodes: [{ name: 'a', mac: '52:54:00:00:00:01', ip: '10.0.0.1', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' }],
    }),
  );
  const tokens = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '\n',
    '\0',
    'null',
    '1e999',
    '"__proto__":',
    '"constructor":{',
    '\uFEFF',
    '-',
    '\\u',
    '/*',
    '//',
  ];
  for (let round = 0; round < 2_000; round += 1) {
    let bytes = round % 5 === 0 ? Buffer.from(Array.from({ length: pick(200) }, () => pick(256))) : Buffer.from(seed);
    for (let edits = pick(6); edits > 0 && bytes.length > 0; edits -= 1) {
      const at = pick(bytes.length);
      const token = Buffer.from(tokens[pick(tokens.length)] ?? '');
      if (random() < 0.3) bytes[at] = pick(256);
      else if (random() < 0.5) bytes = Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
      else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + pick(9)))]);
    }
    const { thing, problems } = read(bytes);
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(thing === undefined, bytes.toString('latin1')).toBe(errors.length > 0);
    for (const { place } of problems) expect(place.line ?? 1).toBeGreaterThan(0);
  }
  expect(({} as Record<string, unknown>)['a']).toBeUndefined();
});

describe('a file of matchbox', () => {
  const said = (content: object): readonly string[] => lines(read(JSON.stringify(content), 'profiles/m.json').problems);
  test('is called what it is, once', () => {
    const boot = { kernel: '/assets/vmlinuz', initrd: ['/assets/initrd'], args: ['console=ttyS0'] };
    expect(said({ id: 'w', name: 'Worker', boot, ignition_id: 'w.yaml' })).toEqual([
      'profiles/m.json:1:1: is a matchbox profile (convert the folder: `pilotlight import matchbox DIR --to ANOTHER-DIR`, see docs/from-matchbox.md)',
    ]);
    expect(said({ id: 'g', profile: 'w', selector: { mac: '52:54:00:00:00:01' }, metadata: {} })).toEqual([
      expect.stringContaining(
        'profiles/m.json:1:1: is a matchbox group (convert the folder: `pilotlight import matchbox DIR',
      ) as string,
    ]);
    expect(said({ id: 'default', name: 'default', profile: 'w' })).toEqual([
      expect.stringContaining('is a matchbox group') as string,
    ]);
  });

  test('is no other file that shares a word with it', () => {
    expect(said({ version: '1', boot: 'local' }).join()).not.toContain('matchbox');
  });
});
