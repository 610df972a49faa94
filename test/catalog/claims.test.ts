import { expect, test } from 'vitest';
import { claimProblem, findConflicts, missingReferences, sharedByProfiles } from '../../src/catalog/claims.ts';
import type { Slot } from '../../src/catalog/read-document.ts';
import { problemLine } from '../../src/model/failure.ts';
import { document, good, lines } from './data-folder.ts';

const NOTHING = { documents: new Map(), keys: new Map(), secrets: new Map() };

function told(profile: object): readonly string[] {
  return lines(missingReferences(good(profile), NOTHING));
}

test('what is missing is an error that says which file to create', () => {
  expect(told({ cloud_config: 'a', ignition: 'w.ign', sshkey: 'core' })).toEqual([
    'profiles/p.json:2:19 cloud_config: there is no document configs/a.yml (create configs/a.yml or configs/a.yml.hbs)',
    'profiles/p.json:3:15 ignition: there is no document configs/w.ign (create configs/w.ign or configs/w.ign.hbs)',
    'profiles/p.json:4:13 sshkey: there is no key sshkeys/core.pub (put the public key in sshkeys/core.pub)',
  ]);
  expect(missingReferences(good({ sshkey: 'core' }), NOTHING)).toMatchObject([{ severity: 'error' }]);
});

test('a file that is there and broken is not said to be missing: it has an error of its own', () => {
  const broken = new Set(['configs/a.yml.hbs', 'sshkeys/core.pub']);
  expect(missingReferences(good({ cloud_config: 'a', sshkey: 'core' }), NOTHING, broken)).toEqual([]);
});

test('who wrote an ending is not told to add another', () => {
  expect(told({ cloud_config: 'a.yml' })[0]).toContain('create configs/a.yml or configs/a.yml.hbs');
  expect(told({ ignition: 'w.ign.hbs' })[0]).toContain('create configs/w.ign or configs/w.ign.hbs');
});

test('what is there is not spoken of', () => {
  const around = {
    documents: new Map([['a.yml.hbs', document('a.yml.hbs')]]),
    keys: new Map([['core', { name: 'core', file: 'sshkeys/core.pub', text: 'ssh-rsa A' }]]),
    secrets: new Map(),
  };
  expect(missingReferences(good({ cloud_config: 'a', sshkey: 'core' }), around)).toEqual([]);
});

test.each([
  [{ cloud_config: 'configs/a.yml' }, 'a'],
  [{ cloud_config: 'configs/a' }, 'a'],
  [{ cloud_config: 'wroker' }, 'worker'],
  [{ cloud_config: 'b.yaml' }, undefined],
  [{ ignition: 'worker.ing' }, 'worker.ign'],
  [{ ignition: 'configs/worker.ign' }, 'worker.ign'],
  [{ sshkey: 'sshkeys/core.pub' }, 'core'],
  [{ sshkey: 'core.pub' }, 'core'],
  [{ sshkey: 'cores' }, 'core'],
  [{ sshkey: 'somebody' }, undefined],
])('%j: the file that was probably meant is named as a profile names it: %j', (profile, meant) => {
  const names = ['a.yml.hbs', 'worker.yml', 'worker.ign.hbs'];
  const around = {
    documents: new Map(names.map((name) => [name, document(name)])),
    keys: new Map([['core', { name: 'core', file: 'sshkeys/core.pub', text: 'ssh-rsa A' }]]),
    secrets: new Map(),
  };
  const remedies = missingReferences(good(profile), around).map(({ remedy }) => remedy);
  expect(remedies).toHaveLength(1);
  if (meant === undefined) expect(remedies[0]).toMatch(/^(?:create configs|put the public key)/);
  else expect(remedies).toEqual([`did you mean "${meant}"?`]);
});

const A = good(
  {
    default: true,
    nodes: [
      { name: 'a', mac: '52-54-00-00-00-01' },
      { name: 'b', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', serial: 'X 1', ip: '10.0.0.1' },
    ],
  },
  'profiles/a.json',
);
const B = good({ nodes: [{ name: 'B', serial: 'x 1', ip: '10.0.0.1' }], default: true }, 'profiles/b.json');

function clash(id: string): string {
  const [ours, theirs] = [B, A].map(({ claims }) => claims.find((claim) => claim.id === id));
  if (ours === undefined || theirs === undefined) throw new Error(`nobody claims ${id}`);
  return problemLine(claimProblem(B, ours, A, theirs));
}

test('a clash names both files and both lines', () => {
  expect(clash('serial x 1')).toBe(
    'profiles/b.json:5:17 nodes[0].serial: serial x 1 is claimed by profiles/a.json:11 too (leave the machine in one of them)',
  );
});

test('two defaults name each other', () => {
  expect(clash('default')).toBe(
    'profiles/b.json:9:14 default: profiles/a.json:2 is the default profile already (leave "default": true in one of them)',
  );
});

test('a name in two profiles is a warning, an address an error, which name both', () => {
  const problems = sharedByProfiles([A, B]);
  expect(problems.map(({ severity }) => severity)).toEqual(['warning', 'error']);
  expect(lines(problems)).toEqual([
    'profiles/b.json:4:15 nodes[0].name: a machine in profiles/a.json:9 has the name b too (give every machine its own name)',
    'profiles/b.json:6:13 nodes[0].ip: a machine in profiles/a.json:12 has the ip 10.0.0.1 too (give every machine its own ip: DHCP gives this one to none of them)',
  ]);
  expect(sharedByProfiles([A])).toEqual([]);
});

test('of names that two files share, twenty are told', () => {
  const nodes = Array.from({ length: 25 }, (_, i) => ({ name: `n${i}`, serial: `s${i}` }));
  const [one, two] = ['profiles/a.json', 'profiles/b.json'].map((file) => good({ nodes }, file));
  if (one === undefined || two === undefined) expect.fail();
  expect(sharedByProfiles([one, two])).toHaveLength(20);
});

type Thing = readonly string[];

function slot(file: string, changed: number, latest: Thing, inForce?: Thing): Slot<Thing> {
  return { file, changed, latest: { thing: latest, problems: [] }, inForce };
}

function losers(...slots: readonly Slot<Thing>[]): readonly string[] {
  return findConflicts(
    slots,
    ({ latest }) => latest.thing,
    (thing) => thing.map((id, at) => ({ id, at })),
  ).map(({ loser, winner }) => `${loser.claim.id}: ${name(loser)} to ${name(winner)}`);

  function name({ slot, claim }: { slot: Slot<Thing>; claim: { at: number } }): string {
    return `${slot.file}[${claim.at}]`;
  }
}

test('who claims nothing of others has no conflict', () => {
  expect(losers(slot('a', 1, ['x', 'x']), slot('b', 1, ['y']))).toEqual([]);
});

test('at the start the later name loses, whatever the order of reading', () => {
  expect(losers(slot('b', 1, ['y', 'x']), slot('a', 1, ['x']))).toEqual(['x: b[1] to a[0]']);
});

test('later the file that changed last loses', () => {
  expect(losers(slot('a', 5, ['x']), slot('b', 3, ['x']))).toEqual(['x: a[0] to b[0]']);
});

test('what is in force stands before what changed', () => {
  const inForce = ['x'];
  expect(losers(slot('z', 9, inForce, inForce), slot('a', 2, ['x']))).toEqual(['x: a[0] to z[0]']);
});

test('a file that held the claim keeps it through its own edits, although it changed last', () => {
  expect(losers(slot('a', 2, ['x'], []), slot('b', 3, ['x', 'new'], ['x']))).toEqual(['x: a[0] to b[0]']);
});

test('machines may change places between two files in one save', () => {
  expect(losers(slot('a', 2, ['y'], ['x']), slot('b', 2, ['x'], ['y']))).toEqual([]);
});
