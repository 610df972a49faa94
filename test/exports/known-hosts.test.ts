import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostsOf } from '../../src/exports/host.ts';
import { knownHosts } from '../../src/exports/ssh-config.ts';
import { makeHostKey } from '../../src/machines/host-keys.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { profileOf } from './sample.ts';

const hosts = hostsOf([
  profileOf('kept', [{ name: 'b', ip: '10.0.0.2' }, { name: 'a' }, { name: 'late' }], { ssh_host_keys: true }),
  profileOf('other', [{ name: 'o', ip: '10.0.0.9' }]),
]);
const keys = new Map(['a', 'b', 'o'].map((name, i) => [name, makeHostKey(name, Buffer.alloc(32, i)).publicKey]));
const text = (domain?: string): string => knownHosts({ hosts, domain, keyOf: (node) => keys.get(node) });
const blob = (name: string): string => keys.get(name)?.split(' ')[1] ?? '';

describe('known-hosts', () => {
  it('has a line for each node whose profile keeps its key, with all its names', () => {
    expect(text('lab.example')).toBe(
      '# Written by `pilotlight export known-hosts`.\n' +
        `a,a.lab.example ssh-ed25519 ${blob('a')}\n` +
        `b,b.lab.example,10.0.0.2 ssh-ed25519 ${blob('b')}\n`,
    );
    expect(text()).toContain(`\na ssh-ed25519 ${blob('a')}\nb,10.0.0.2 ssh-ed25519`);
  });

  it('says so when no profile keeps any', () => {
    const none = knownHosts({ hosts: [], domain: undefined, keyOf: () => undefined });
    expect(none).toMatch(/^# .*\n# No profile with nodes says "ssh_host_keys": true\.\n$/);
  });
});

// Debian: openssh-client.
needs({ commands: ['ssh-keygen'] }).test('ssh-keygen -F finds a node by its names and its address, nobody else', () => {
  const file = join(makeFolder(), 'known');
  writeFileSync(file, text('lab.example'));
  for (const name of ['b', 'b.lab.example', '10.0.0.2']) {
    expect(execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' })).toContain(blob('b'));
  }
  expect(() => execFileSync('ssh-keygen', ['-F', 'o', '-f', file], { stdio: 'pipe' })).toThrow();
});
