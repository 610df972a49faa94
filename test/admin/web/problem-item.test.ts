import { expect, test } from 'vitest';
import { errorsFirst, problemItems } from '../../../src/admin/web/problem-item.ts';
import type { Problem } from '../../../src/model/problem.ts';

const warning: Problem = { severity: 'warning', message: 'w', place: { file: 'configs/a.yml', line: 3 } };
const error: Problem = {
  severity: 'error',
  message: 'e',
  place: { file: 'profiles/a b.json', line: 3, column: 5, key: 'nodes' },
  remedy: 'r',
};

test('errors come first, each with its place, its remedy and the way to its editor', () => {
  expect(problemItems([warning, error])).toEqual([
    {
      error: true,
      word: 'Error',
      message: 'e',
      place: 'profiles/a b.json:3:5 nodes',
      remedy: 'r',
      href: '/dashboard/profiles/a%20b/edit',
    },
    { error: false, word: 'Warning', message: 'w', place: 'configs/a.yml:3', remedy: undefined, href: undefined },
  ]);
});

test('otherwise the order stays', () => {
  const all = [1, 2, 3, 4].map((id) => ({ id, severity: id % 2 === 0 ? ('error' as const) : ('warning' as const) }));
  expect(errorsFirst(all).map(({ id }) => id)).toEqual([2, 4, 1, 3]);
});
