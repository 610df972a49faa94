import { expect, test } from 'vitest';
import { nearest } from '../../src/model/nearest.ts';

const KEYS = ['cloud_config', 'console', 'version', 'write_files', 'users'];

test.each([
  ['cloud_confg', 'cloud_config'],
  ['cloud-config', 'cloud_config'],
  ['Console', 'console'],
  ['verison', 'version'],
  ['writefile', 'write_files'],
  ['user', 'users'],
])('%s is probably %s', (word, meant) => {
  expect(nearest(word, KEYS)).toBe(meant);
});

test('what resembles nothing has no neighbour', () => {
  expect(nearest('kickstart', KEYS)).toBeUndefined();
  expect(nearest('', ['abc'])).toBeUndefined();
  expect(nearest('u', KEYS)).toBeUndefined();
});

test('a word of any length is answered at once', () => {
  const started = performance.now();
  expect(nearest('x'.repeat(1_000_000), KEYS)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(200);
});

test('of two candidates the nearer wins', () => {
  expect(nearest('etcd3', ['etcd', 'etcd2'])).toBe('etcd');
  expect(nearest('path', ['paths', 'path_'])).toBe('path_');
});
