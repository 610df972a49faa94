import { expect, test } from 'vitest';
import { validityOf } from '../../../src/admin/web/profile-pages.ts';
import type { FileDiagnostic } from '../../../src/model/failure.ts';

const problem = (severity: FileDiagnostic['severity']): FileDiagnostic => ({
  severity,
  message: 'm',
  place: { file: 'f' },
});

test.each([
  [[], true, 'good', 'Valid', undefined],
  [[problem('warning'), problem('warning')], true, 'warn', '2 warnings', undefined],
  [[problem('warning'), problem('error')], true, 'bad', '1 error', 'its last good version stays in force'],
  [[problem('error')], false, 'bad', 'Not in force', 'no good version of it was ever there'],
] as const)('%j, in force %s: %s', (problems, inForce, shape, word, detail) => {
  expect(validityOf({ problems, inForce })).toEqual({ shape, word, detail });
});
