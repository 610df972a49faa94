import { expect, test } from 'vitest';
import { Diagnostics } from '../../src/text/diagnostics.ts';

test('findings come in the order of the text, those without a place first', () => {
  const findings = new Diagnostics('a\nb\n', 'configs/a.yml');
  findings.warn('second', { offset: 2, path: ['b'], remedy: 'r' });
  findings.error('first', { offset: 0 });
  findings.warn('nowhere');
  expect(findings.hasError()).toBe(true);
  expect(findings.sorted()).toEqual([
    { severity: 'warning', message: 'nowhere', place: { file: 'configs/a.yml' } },
    { severity: 'error', message: 'first', place: { file: 'configs/a.yml', line: 1, column: 1 } },
    {
      severity: 'warning',
      message: 'second',
      place: { file: 'configs/a.yml', key: 'b', line: 2, column: 1 },
      remedy: 'r',
    },
  ]);
});

test('of more than a hundred findings the errors are kept', () => {
  const findings = new Diagnostics('\n'.repeat(300));
  for (let i = 0; i < 300; i += 1) findings.warn('w', { offset: i });
  findings.error('e', { offset: 299 });
  expect(findings.sorted()).toHaveLength(100);
  expect(findings.sorted()[0]).toMatchObject({ severity: 'error', place: { line: 300 } });
});
