import { expect, test } from 'vitest';
import { decide, heldMachines, type Slots, unreadKeepers } from '../../src/catalog/decide.ts';
import { createInspection } from '../../src/catalog/inspection.ts';
import { EMPTY_SNAPSHOT, makeSnapshot, type Snapshot } from '../../src/catalog/snapshot.ts';
import { SILENT } from '../../src/model/service.ts';
import { CONTENT, document, facts, good, read } from './data-folder.ts';

const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';

function snapshot(profiles: Readonly<Record<string, object | string>>, more: Partial<Slots> = {}): Snapshot {
  const slots: Slots = {
    profiles: Object.entries(profiles).map(([name, content]) => {
      const file = `profiles/${name}.json`;
      const latest = typeof content === 'string' ? read(content, file) : { thing: good(content, file), problems: [] };
      return { file, changed: 1, latest, inForce: undefined };
    }),
    documents: [],
    keys: [],
    secrets: new Map(),
    ...more,
  };
  const decision = decide(slots, createInspection(CONTENT, SILENT));
  const held = heldMachines(slots.profiles, decision, decision.problems);
  return makeSnapshot(3, { ...decision, held, keepers: unreadKeepers(slots.profiles, decision) });
}

const FLEET = {
  a: {
    nodes: [
      { name: 'a1', mac: '52-54-00-00-00-01' },
      { name: 'a2', uuid: UUID },
    ],
  },
  b: { nodes: [{ name: 'b1', serial: 'CZC 12' }] },
  d: { default: true },
};

test('before anything was read there is nothing', () => {
  expect(EMPTY_SNAPSHOT.generation).toBe(0);
  expect(EMPTY_SNAPSHOT.match(facts({ mac: '52:54:00:00:00:01' }))).toBeUndefined();
  expect(EMPTY_SNAPSHOT.held(facts({ mac: '52:54:00:00:00:01' }))).toBeUndefined();
});

test.each([
  [{ mac: '5254.0000.0001' }, 'a', 'a1', 'mac'],
  [{ uuid: UUID.toUpperCase() }, 'a', 'a2', 'uuid'],
  [{ serial: ' czc 12 ' }, 'b', 'b1', 'serial'],
  [{ mac: '52:54:00:00:00:01', uuid: UUID, serial: 'CZC 12' }, 'a', 'a1', 'mac'],
  [{ mac: '52:54:00:00:00:99', uuid: UUID, serial: 'CZC 12' }, 'a', 'a2', 'uuid'],
  [{ mac: '52:54:00:00:00:99', serial: 'CZC 12' }, 'b', 'b1', 'serial'],
  [{ mac: '52:54:00:00:00:99' }, 'd', undefined, 'default'],
  [{ uuid: '00000000-0000-0000-0000-000000000000' }, 'd', undefined, 'default'],
  [{}, 'd', undefined, 'default'],
])('%j boots profile %s, node %s, by its %s', (machine, profile, node, by) => {
  const match = snapshot(FLEET).match(facts(machine));
  expect([match?.profile.name, match?.node?.name, match?.by]).toEqual([profile, node, by]);
});

test('without a default nobody else matches', () => {
  const { d, ...others } = FLEET;
  expect(d.default).toBe(true);
  expect(snapshot(others).match(facts({ mac: '52:54:00:00:00:99' }))).toBeUndefined();
  expect(snapshot(others).match({})).toBeUndefined();
});

test('a snapshot holds profiles by name with their bytes, documents by file name, keys by name', () => {
  const key = { name: 'core', file: 'sshkeys/core.pub', text: 'ssh-rsa A' };
  const made = snapshot(FLEET, {
    documents: [
      {
        file: 'configs/a.yml.hbs',
        changed: 1,
        latest: { thing: document('a.yml.hbs'), problems: [] },
        inForce: undefined,
      },
    ],
    keys: [{ file: key.file, changed: 1, latest: { thing: key, problems: [] }, inForce: undefined }],
  });
  expect(made.generation).toBe(3);
  expect([...made.profiles.keys()]).toEqual(['a', 'b', 'd']);
  expect(made.sources.get('d')?.toString()).toBe(JSON.stringify(FLEET.d, null, 2));
  expect([...made.documents.keys()]).toEqual(['a.yml.hbs']);
  expect(made.keys.get('core')).toBe(key);
});

test('a machine that only a broken file names does not boot the default profile', () => {
  const made = snapshot({ ...FLEET, x: '{"nodes": [{"name": "x", "mac": "52:54:00:00:00:0f"},]}' });
  const machine = facts({ mac: '52:54:00:00:00:0f' });
  expect(made.match(machine)).toBeUndefined();
  expect(made.held(machine)).toMatchObject({ place: { file: 'profiles/x.json', line: 1 } });
  expect(made.match(facts({ mac: '52:54:00:00:00:0e' }))?.by).toBe('default');
});

test('a machine of a file that lost against another is held too, unless somebody else names it', () => {
  const made = snapshot({
    ...FLEET,
    z: {
      nodes: [
        { name: 'a1', mac: '52:54:00:00:00:01' },
        { name: 'z2', mac: '52:54:00:00:00:0f' },
      ],
    },
  });
  expect(made.match(facts({ mac: '52:54:00:00:00:0f' }))).toBeUndefined();
  expect(made.held(facts({ mac: '52:54:00:00:00:0f' }))?.message).toContain('is claimed by profiles/a.json');
  expect(made.match(facts({ mac: '52:54:00:00:00:01' }))?.profile.name).toBe('a');
  expect(made.held(facts({ mac: '52:54:00:00:00:01' }))).toBeUndefined();
  expect(made.held(facts({ mac: '52:54:00:00:00:0f', uuid: UUID })), 'named by its uuid').toBeUndefined();
});

test('a file of which nothing could be read may keep any document that no profile in force gives to all', () => {
  const kept = document('kept.yml', 'x');
  const given = document('given.yml', 'x');
  const unread = { message: 'cannot be read', severity: 'error', place: { file: 'profiles/u.json' } } as const;
  const slot = (file: string, thing: object) => ({
    file,
    changed: 1,
    latest: { thing, problems: [] },
    inForce: undefined,
  });
  const profiles = [
    slot('profiles/a.json', good({ generic: 'given.yml' }, 'profiles/a.json')),
    { file: 'profiles/u.json', changed: 1, latest: { problems: [unread] }, inForce: undefined },
  ] as Slots['profiles'];
  const documents = [slot(kept.file, kept), slot(given.file, given)] as Slots['documents'];
  const tried = snapshot({}, { profiles, documents });
  expect([tried.unreadKeeper(kept), tried.unreadKeeper(given)]).toEqual(['profiles/u.json', undefined]);
});
