import { expect, it } from 'vitest';
import { healthOf, lookedUpOnce } from '../../src/server/health.ts';
import { contextOf } from '../support/app-context.ts';

it('warnings do not degrade, errors do; each names its place', async () => {
  const warned = await contextOf({ 'profiles/a.json': { version: '1.2.3', cloud_config: 'a' }, 'configs/a.yml': '' });
  expect(healthOf(warned.catalog.current(), '0.1.0', 7)).toMatchObject({
    status: 'ok',
    version: '0.1.0',
    uptime_seconds: 7,
    profiles: 1,
    problems: [{ severity: 'warning' }],
  });
  const broken = await contextOf({ 'profiles/a.json': '[]' });
  const health = healthOf(broken.catalog.current(), '0.1.0', 7);
  expect(health.status).toBe('degraded');
  expect(health.problems[0]?.place).toContain('profiles/a.json');
});

it('a missing document and a missing key are errors, and their profile boots all the same', async () => {
  const { catalog } = await contextOf({ 'profiles/a.json': { version: '1.2.3', cloud_config: 'gone', sshkey: 'me' } });
  expect(healthOf(catalog.current(), '0.1.0', 7)).toMatchObject({
    status: 'degraded',
    profiles: 1,
    problems: [
      { severity: 'error', message: 'there is no document configs/gone.yml' },
      { severity: 'error', message: 'there is no key sshkeys/me.pub' },
    ],
  });
});

it('what is asked of the disk is asked once a second, however many ask', async () => {
  let asked = 0;
  let clock = 0;
  const look = lookedUpOnce(
    () => {
      asked += 1;
      return Promise.resolve(asked);
    },
    () => clock,
  );
  expect(await Promise.all([look(), look(), look()])).toEqual([1, 1, 1]);
  clock = 999;
  expect(await look()).toBe(1);
  clock = 1000;
  expect(await look()).toBe(2);
});
