import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HOST_FILES } from '../../src/files/host-file.ts';
import { makeFolder } from '../support/folder.ts';

it('reads, lists and follows what is there', async () => {
  const dir = makeFolder();
  mkdirSync(join(dir, 'fd'));
  writeFileSync(join(dir, 'comm'), 'dnsmasq\n');
  symlinkSync('socket:[42]', join(dir, 'fd', '3'));
  expect(await HOST_FILES.read(join(dir, 'comm'))).toBe('dnsmasq\n');
  expect(await HOST_FILES.list(join(dir, 'fd'))).toEqual(['3']);
  expect(await HOST_FILES.link(join(dir, 'fd', '3'))).toBe('socket:[42]');
});

it('has nothing to say of what is not there', async () => {
  expect(await HOST_FILES.read('/nonexistent')).toBeUndefined();
  expect(await HOST_FILES.list('/nonexistent')).toEqual([]);
  expect(await HOST_FILES.link('/nonexistent')).toBeUndefined();
});

it('reads files of /proc, whose size is said to be zero', async () => {
  expect(await HOST_FILES.read('/proc/self/status')).toContain(`Pid:\t${String(process.pid)}\n`);
});
