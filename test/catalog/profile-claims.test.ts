import { expect, test } from 'vitest';
import { claimProblem, sharedByProfiles } from '../../src/catalog/profile-claims.ts';
import { problemLine } from '../../src/model/problem.ts';
import { good, lines } from './data-folder.ts';

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

test('names and addresses in two profiles are warnings', () => {
  const problems = sharedByProfiles([A, B]);
  expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
  expect(lines(problems)).toEqual([
    'profiles/b.json:4:15 nodes[0].name: a machine in profiles/a.json:9 has the name b too (give every machine its own name)',
    'profiles/b.json:6:13 nodes[0].ip: a machine in profiles/a.json:12 has the ip 10.0.0.1 too (give every machine its own ip)',
  ]);
  expect(sharedByProfiles([A])).toEqual([]);
});
