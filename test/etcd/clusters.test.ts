import { describe, expect, it } from 'vitest';
import { clusterNamed, type ClusterView, clusterViews, replacementOf } from '../../src/etcd/clusters.ts';
import { memberId } from '../../src/etcd/members.ts';
import type { StoredToken } from '../../src/model/discovery.ts';
import type { Cluster, Profile } from '../../src/model/profile.ts';
import { profileOf } from '../exports/sample.ts';

const cluster = (name: string, mode: Cluster['mode'], more: Partial<Cluster> = {}): Partial<Profile> => ({
  cluster: { name, mode, state: 'new', ...more },
});
const folder = (...profiles: readonly Profile[]) => ({ profiles: new Map(profiles.map((one) => [one.name, one])) });
const TOKEN: StoredToken = {
  ...{
    token: 'abcdef01',
    url: 'http://pxe/discovery/abcdef01',
    size: 3,
    createdIndex: 1,
    createdAt: 0,
    removedIndex: 0,
  },
  ...{ complete: false, cluster: 'found' },
  members: [
    { id: 'a1', value: 'm0=http://10.0.1.10:2380', createdIndex: 2, confirmed: true },
    { id: 'b2', value: 'm1=http://10.0.1.11:2380', createdIndex: 3, confirmed: false },
  ],
};

describe('clusters as people see them', () => {
  it('by discovery: who has registered, and who of the profile is missing', () => {
    const nodes = [{ name: 'm0' }, { name: 'm1' }, { name: 'm2', ip: '10.0.1.12' }];
    const [view] = clusterViews(folder(profileOf('a', nodes, cluster('found', 'discovery'))), [TOKEN]);
    expect(view).toEqual({
      ...{ name: 'found', mode: 'discovery', profiles: ['a'], size: 3, registered: 2, state: 'waiting', notes: [] },
      ...{ token: TOKEN.token, url: TOKEN.url },
      members: [
        { name: 'm0', peers: ['http://10.0.1.10:2380'], id: 'a1', state: 'told' },
        { name: 'm1', peers: ['http://10.0.1.11:2380'], id: 'b2', state: 'registered' },
        { name: 'm2', peers: ['http://10.0.1.12:2380'], state: 'absent' },
      ],
    });
  });

  it('that are complete miss nobody; those without a token say so', () => {
    const profiles = folder(profileOf('a', [{ name: 'm9' }], cluster('found', 'discovery', { size: 5 })));
    const [complete] = clusterViews(profiles, [{ ...TOKEN, complete: true }]);
    expect(complete).toMatchObject({ state: 'complete', members: [{ name: 'm0' }, { name: 'm1' }] });
    expect(complete?.notes).toEqual(['the profile says 5 members, and the token is for 3: members have registered']);
    expect(clusterViews(profiles, [])).toMatchObject([{ state: 'no token', size: 5, members: [{ state: 'absent' }] }]);
  });

  it('static ones have the nodes of all their profiles', () => {
    const views = clusterViews(
      folder(
        profileOf('b', [{ name: 'm1' }], cluster('s', 'static', { state: 'existing' })),
        profileOf('a', [{ name: 'm0', ip: 'fd00::1' }], cluster('s', 'static')),
      ),
      [],
    );
    expect(views).toMatchObject([
      {
        name: 's',
        state: 'static',
        size: 2,
        profiles: ['b', 'a'],
        members: [{ peers: [] }, { peers: ['http://[fd00::1]:2380'] }],
      },
    ]);
    expect(views[0]?.notes).toEqual([expect.stringContaining('set it back to "new"'), 'no ip: m1']);
  });

  it('come by name, then the tokens of nobody', () => {
    const { cluster: _, ...loose } = { ...TOKEN, token: 'loose-token' };
    expect(_).toBe('found');
    const profiles = folder(
      profileOf('b', [], cluster('z', 'static')),
      profileOf('a', [], cluster('found', 'discovery')),
    );
    const views = clusterViews(profiles, [loose, TOKEN]);
    expect(views.map(({ name, token }) => [name, token])).toEqual([
      ['found', 'abcdef01'],
      ['z', undefined],
      [undefined, 'loose-token'],
    ]);
    expect(clusterNamed(views, 'found')).toBe(views[0]);
    expect(clusterNamed(views, 'loose-token')).toBe(views[2]);
    expect(() => clusterNamed(views, 'fuond')).toThrow(expect.objectContaining({ remedy: 'did you mean "found"?' }));
  });
});

const member = (n: number, state: 'static' | 'absent' = 'static') =>
  ({ name: `infra${n}`, peers: [`http://10.0.1.1${n}:2380`], state }) as const;
const VIEW: ClusterView = {
  ...{ name: 'lab', mode: 'static', profiles: ['etcd'], size: 3, registered: 3, state: 'static', notes: [] },
  members: [0, 1, 2].map((n) => member(n)),
};
const commands = (view: ClusterView, name: string): string[] =>
  replacementOf(view, name).steps.flatMap((step) => step.commands);

it('is remove, wait, add, existing, boot, new: in this order', () => {
  const others = 'etcdctl --endpoints http://10.0.1.10:2379,http://10.0.1.12:2379';
  const id = memberId(['http://10.0.1.11:2380'], 'lab');
  expect(commands(VIEW, 'infra1')).toEqual([
    'export ETCDCTL_API=3',
    `${others} endpoint health`,
    `${others} member list`,
    `${others} member remove ${id}`,
    'sleep 5',
    `${others} member add infra1 --peer-urls=http://10.0.1.11:2380`,
    'in profiles/etcd.json: "cluster": {..., "state": "existing"}',
    `${others},http://10.0.1.11:2379 endpoint health`,
    'in profiles/etcd.json: "cluster": {..., "state": "new"}',
  ]);
});

it('knows the ID that a member registered with', () => {
  const members = [{ ...member(0), id: 'a1b2' }, member(1), member(2, 'absent')];
  const view: ClusterView = { ...VIEW, mode: 'discovery', members };
  expect(commands(view, 'infra0')).toContain('etcdctl --endpoints http://10.0.1.11:2379 member remove a1b2');
  expect(commands(view, 'infra1')).toContain('etcdctl --endpoints http://10.0.1.10:2379 member remove ID');
});

it('is refused where nobody is left, nobody is called so, or its address is unknown', () => {
  expect(() => replacementOf(VIEW, 'infra9')).toThrow('lab has no member "infra9"');
  expect(() => replacementOf({ ...VIEW, members: [member(0), member(1, 'absent')] }, 'infra0')).toThrow(
    'no other member',
  );
  const lost = { ...member(0), peers: [] };
  expect(() => replacementOf({ ...VIEW, members: [lost, member(1)] }, 'infra0')).toThrow(
    'the address of infra0 is not known',
  );
});
