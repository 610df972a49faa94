import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../src/doctor/check.ts';
import { dataFindings } from '../../src/doctor/data.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Problem } from '../../src/model/problem.ts';

const CLEAN: CheckReport = { profiles: 1, nodes: 2, documents: 0, rendered: 0, keys: 0, problems: [] };
const problem = (severity: Problem['severity'], n = 1): Problem => ({
  severity,
  message: `mistake ${String(n)}`,
  place: { file: 'profiles/a.json', line: 3 },
  remedy: 'mend it',
});
const look = async (more: Partial<CheckReport>) => await dataFindings(async () => ({ ...CLEAN, ...more }));

describe('the data directory', () => {
  it('is counted', async () => {
    expect(await look({})).toMatchObject([{ level: 'ok', what: '1 profile, 2 nodes, 0 documents' }]);
  });

  it('says every mistake with its place and remedy, errors as problems', async () => {
    const [, error, warning] = await look({ problems: [problem('error'), problem('warning')] });
    expect(error).toEqual({
      about: 'data',
      level: 'problem',
      what: 'profiles/a.json:3: mistake 1',
      remedy: 'mend it',
    });
    expect(warning?.level).toBe('warning');
  });

  it('stops at five, and says how many there are and how bad', async () => {
    const six = [1, 2, 3, 4, 5].map((n) => problem('warning', n));
    const last = (findings: Awaited<ReturnType<typeof look>>) => findings.at(-1);
    expect(last(await look({ problems: [...six, problem('error', 6)] }))).toMatchObject({
      level: 'problem',
      what: 'and 1 more',
    });
    expect(last(await look({ problems: [...six, problem('warning', 6)] }))?.level).toBe('warning');
    expect(await look({ problems: six })).toHaveLength(6);
  });

  it('without profiles is a warning', async () => {
    expect(await look({ profiles: 0 })).toMatchObject([{ level: 'warning', what: 'no profile in profiles/' }]);
  });

  it('that cannot be read is a problem; a bug is a bug', async () => {
    const gone = dataFindings(async () => {
      throw new Failure('not-found', 'there is no data directory');
    });
    expect(await gone).toMatchObject([{ level: 'problem', what: 'there is no data directory' }]);
    const bug = dataFindings(async () => {
      throw new TypeError('x');
    });
    await expect(bug).rejects.toThrow(TypeError);
  });
});
