import { expect, test } from 'vitest';
import {
  checkCloudConfigSchema,
  childSchema,
  cloudConfigSchema,
  knownKeys,
  resolved,
} from '../../src/documents/cloud-config-schema.ts';

test('both spellings of a key lead to the same place', () => {
  const a = childSchema(cloudConfigSchema, 'write-files');
  expect(a).toBeDefined();
  expect(childSchema(cloudConfigSchema, 'write_files')).toBe(a);
  expect(childSchema(cloudConfigSchema, 'writefiles')).toBeUndefined();
  expect(childSchema(cloudConfigSchema, 'constructor')).toBeUndefined();
  expect(childSchema(undefined, 'a')).toBeUndefined();
});

test('the known keys are underscored', () => {
  expect(knownKeys(cloudConfigSchema)).toEqual([
    'coreos',
    'hostname',
    'users',
    'ssh_authorized_keys',
    'write_files',
    'manage_etc_hosts',
  ]);
  expect(knownKeys(undefined)).toEqual([]);
});

test('deprecation stands beside the reference, the keys behind it', () => {
  const fleet = childSchema(childSchema(cloudConfigSchema, 'coreos'), 'fleet');
  expect(fleet?.deprecated).toBe(true);
  expect(knownKeys(fleet)).toContain('public_ip');
  expect(resolved(fleet)?.type).toBe('object');
});

test.each([
  [{ coreos: { units: [{ name: 'a', command: 'start', drop_ins: [{ name: 'b' }] }] } }, []],
  [{ coreos: { units: [{ command: 'begin' }] } }, ['anyOf']],
  [{ coreos: { update: { 'reboot-strategy': 'off' } } }, []],
  [{ write_files: [{ path: '/usr/bin/a' }] }, ['not']],
  [{ write_files: [{ path: '//./usrx/a', permissions: '0644' }] }, ['not']],
  [{ write_files: [{ path: '/var/usr/a', permissions: '' }] }, []],
  [{ write_files: [{ permissions: '9' }] }, ['anyOf']],
  [{ users: [{ groups: 'a' }] }, ['type']],
  [{ hostname: 5, nope: 1 }, ['additionalProperties']],
])('%j: %j', (value, keywords) => {
  const found = checkCloudConfigSchema(value).map(({ keyword }) => keyword);
  expect(found.filter((keyword) => ['anyOf', 'not', 'type', 'additionalProperties'].includes(keyword))).toEqual(
    keywords,
  );
});

test('a long duration does not keep the pattern busy', () => {
  const started = performance.now();
  checkCloudConfigSchema({ coreos: { locksmith: { window_length: `${'a'.repeat(50_000)}!` } } });
  expect(performance.now() - started).toBeLessThan(500);
});
