import { expect, it } from 'vitest';
import { healthOf } from '../../src/server/health.ts';
import { houseOf } from '../support/house.ts';

it('warnings do not degrade, errors do; each names its place', async () => {
  const warned = await houseOf({ 'profiles/a.json': { version: '1.2.3', cloud_config: 'a' }, 'configs/a.yml': '' });
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

it('a missing document and a missing key are errors, and their profile boots all the same', async () => {
  const { catalog } = await houseOf({ 'profiles/a.json': { version: '1.2.3', cloud_config: 'gone', sshkey: 'me' } });
  expect(healthOf(catalog.current(), '0.1.0', 7)).toMatchObject({
    status: 'degraded',
    profiles: 1,
    problems: [
      { severity: 'error', message: 'there is no document configs/gone.yml' },
      { severity: 'error', message: 'there is no key sshkeys/me.pub' },
    ],
  });
});
