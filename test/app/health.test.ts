import { expect, it } from 'vitest';
import { healthOf } from '../../src/app/health.ts';
import { overviewOf } from '../../src/app/overview.ts';
import { houseOf } from '../support/house.ts';

it('warnings do not degrade, errors do; each names its place', async () => {
  const warned = await houseOf({ 'profiles/a.json': { version: '1.2.3', cloud_config: 'gone' } });
  expect(healthOf(warned.catalog.current(), '0.1.0', 7)).toMatchObject({
    status: 'ok',
    version: '0.1.0',
    uptime_seconds: 7,
    profiles: 1,
    problems: [{ severity: 'warning' }],
  });
  const broken = await houseOf({ 'profiles/a.json': '[]' });
  const health = healthOf(broken.catalog.current(), '0.1.0', 7);
  expect(health.status).toBe('degraded');
  expect(health.problems[0]?.place).toContain('profiles/a.json');
});

it('the overview lists what machines may boot', async () => {
  const { catalog } = await houseOf({
    'profiles/a.json': {
      system: 'flatcar',
      version: '1.2.3',
      default: true,
      nodes: [{ name: 'n', mac: '525400551cee' }],
    },
  });
  expect(overviewOf(catalog.current(), '0.1.0')).toEqual({
    version: '0.1.0',
    profiles: [{ name: 'a', system: 'Flatcar Container Linux', version: '1.2.3', nodes: 1, default: true }],
    problems: [],
  });
});
