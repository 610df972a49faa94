import { expect, test } from 'vitest';
import { leftOutLines, requireAll, sum, tally, type VitestReport } from '../../scripts/test/report.ts';

function report(
  ...files: readonly { readonly status: string; readonly tests: readonly [string, string][] }[]
): VitestReport {
  return {
    testResults: files.map(({ status, tests }, index) => ({
      name: `test/${index}.test.ts`,
      status,
      assertionResults: tests.map(([state, fullName]) => ({ status: state, fullName })),
    })),
  };
}

test('counts what passed and failed', () => {
  const counted = tally(
    report(
      { status: 'passed', tests: [['passed', 'a'], ['passed', 'b']] }, // prettier-ignore
      { status: 'failed', tests: [['passed', 'c'], ['failed', 'd']] }, // prettier-ignore
    ),
  );
  expect(counted).toEqual({ passed: 3, failed: 1, failures: ['FAILED test/1.test.ts: d'], leftOut: new Map() });
});

test('a file that could not be loaded is a failure', () => {
  expect(tally(report({ status: 'failed', tests: [] }))).toMatchObject({ passed: 0, failed: 1 });
});

test('a failure is told again with the beginning of its message', () => {
  const message = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n');
  const counted = tally({
    testResults: [
      {
        name: 'test/a.test.ts',
        status: 'failed',
        assertionResults: [{ status: 'failed', fullName: 'a b', failureMessages: [message] }],
      },
      { name: 'test/b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
    ],
  });
  const [first = '', second] = counted.failures;
  expect(first.split('\n').slice(0, 2)).toEqual(['FAILED test/a.test.ts: a b', '     | line 0']);
  expect(first.split('\n')).toHaveLength(13);
  expect(second).toBe('FAILED test/b.test.ts\n     | Cannot find module');
});

test('what was left out is counted by reason', () => {
  const counted = tally(
    report({
      status: 'passed',
      tests: [
        ['skipped', 'UEFI [left out: no qemu-system-x86_64] boots'],
        ['pending', 'BIOS (left out: no qemu-system-x86_64) boots'],
        ['todo', 'later'],
      ],
    }),
  );
  expect(leftOutLines(counted)).toEqual([
    'left out: 2 tests (no qemu-system-x86_64)',
    'left out: 1 test (skipped without a reason: later)',
  ]);
  expect(requireAll(counted)).toMatchObject({ passed: 0, failed: 3 });
});

test('tallies add up', () => {
  const leftOut = new Map([['no shellcheck', 1]]);
  expect(sum([])).toEqual({ passed: 0, failed: 0, failures: [], leftOut: new Map() });
  expect(
    sum([
      { passed: 1, failed: 2, failures: ['a'], leftOut },
      { passed: 10, failed: 20, failures: ['b'], leftOut },
    ]),
  ).toEqual({
    passed: 11,
    failed: 22,
    failures: ['a', 'b'],
    leftOut: new Map([['no shellcheck', 2]]),
  });
});
