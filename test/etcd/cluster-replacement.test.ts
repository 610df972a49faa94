import { expect, it } from 'vitest';
import { replacementOf } from '../../src/etcd/cluster-replacement.ts';
import type { ClusterView } from '../../src/etcd/clusters.ts';
import { memberId } from '../../src/etcd/members.ts';

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
