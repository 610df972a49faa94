import { expect, it } from 'vitest';
import { ExpectedFiles } from '../../src/app/expected-files.ts';
import { byMac } from '../machines/marks.ts';

const A = byMac('52:54:00:00:00:01');
const B = byMac('52:54:00:00:00:02');

it('knows by address and file which machine has it all now', () => {
  const files = new ExpectedFiles();
  files.expect('10.0.0.1', 'a/initrd', A);
  expect(files.arrived('10.0.0.2', 'a/initrd')).toBeUndefined();
  expect(files.arrived('10.0.0.1', 'a/kernel')).toBeUndefined();
  expect(files.arrived('10.0.0.1', 'a/initrd')).toBe(A);
  expect(files.arrived('10.0.0.1', 'a/initrd'), 'once').toBeUndefined();
});

it('takes, of several behind one address, who has waited longest', () => {
  const files = new ExpectedFiles();
  files.expect('10.0.0.1', 'initrd', A);
  files.expect('10.0.0.1', 'initrd', B);
  files.expect('10.0.0.1', 'initrd', A); // asked again: it waits since now
  expect([1, 2, 3].map(() => files.arrived('10.0.0.1', 'initrd'))).toEqual([B, A, undefined]);
});

it('forgets the oldest of ten thousand behind one address', () => {
  const files = new ExpectedFiles();
  const machines = Array.from({ length: 10_001 }, (_, i) => ({ ...A, key: String(i) }));
  for (const machine of machines) files.expect('10.0.0.1', 'initrd', machine);
  expect(files.arrived('10.0.0.1', 'initrd')).toBe(machines[1]);
});

it('forgets the oldest of ten thousand addresses', () => {
  const files = new ExpectedFiles();
  for (let i = 0; i <= 10_000; i += 1) files.expect(String(i), 'initrd', A);
  expect(files.arrived('0', 'initrd')).toBeUndefined();
  expect(files.arrived('1', 'initrd')).toBe(A);
  expect(files.arrived('10000', 'initrd')).toBe(A);
});
