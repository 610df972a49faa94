import { expect, it } from 'vitest';
import { overviewOf } from '../../src/app/overview.ts';
import { houseOf } from '../support/house.ts';

it('shows each profile as people call it, and every problem', async () => {
  const { catalog } = await houseOf({
    'profiles/a.json': { system: 'flatcar', version: '1.2.3', nodes: [{ name: 'n', mac: '525400551cee' }] },
    'profiles/b.json': { boot: 'local', default: true },
    'profiles/c.json': '{',
  });
  expect(overviewOf(catalog.current(), '9.9')).toMatchObject({
    version: '9.9',
    profiles: [
      { name: 'a', system: 'Flatcar Container Linux', version: '1.2.3', nodes: 1, default: false },
      { name: 'b', version: '', nodes: 0, default: true },
    ],
    problems: [{ severity: 'error', place: { file: 'profiles/c.json' } }],
  });
});
