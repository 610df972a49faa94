import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostsOf } from '../../src/exports/host.ts';
import { sshConfig, type SshConfigInput } from '../../src/exports/ssh-config.ts';
import { makeFolder } from '../support/folder.ts';
import { expectGolden } from '../support/golden.ts';
import { needs } from '../support/needs.ts';
import { profileOf, sampleHosts } from './sample.ts';

const kept = hostsOf([
  profileOf('kept', [{ name: 'k2', ip: '10.0.0.2' }, { name: 'k1' }, { name: 'k6', ip: '2001:db8::6' }], {
    ssh_host_keys: true,
  }),
]);
const input = (more: Partial<SshConfigInput> = {}): SshConfigInput => ({
  hosts: [...kept, ...sampleHosts()],
  domain: undefined,
  user: undefined,
  knownHosts: '~/.ssh/pilotlight_known_hosts',
  ...more,
});

describe('ssh-config', () => {
  it('is as in the golden', () => {
    expectGolden('exports/ssh-config', sshConfig(input({ domain: 'lab.example' })));
    expectGolden('exports/ssh-config-user', sshConfig(input({ hosts: kept, user: 'me', knownHosts: '/a b/known' })));
  });

  it('never tells ssh to look away', () => {
    expect(sshConfig(input())).not.toMatch(/StrictHostKeyChecking (?!yes)/);
  });
});

// Debian: openssh-client.
needs({ commands: ['ssh'] }).describe('ssh -G', () => {
  function options(host: string, more: Partial<SshConfigInput> = {}): readonly string[] {
    const file = join(makeFolder(), 'config');
    writeFileSync(file, sshConfig(input(more)));
    return execFileSync('ssh', ['-G', '-T', '-F', file, host], { encoding: 'utf8' }).split('\n');
  }

  it.each(['k2', 'k2.lab.example'])('reads the checks for %s', (host) => {
    expect(options(host, { domain: 'lab.example', knownHosts: '/tmp/my hosts' })).toEqual(
      expect.arrayContaining([
        'hostname 10.0.0.2',
        'user core',
        'hostkeyalias k2',
        'hostkeyalgorithms ssh-ed25519',
        'stricthostkeychecking true',
        'updatehostkeys false',
        'userknownhostsfile /tmp/my hosts',
      ]),
    );
  });

  it('leaves a machine without a kept key to the defaults', () => {
    expect(options('w2')).toEqual(expect.arrayContaining(['hostname 192.168.122.22', 'stricthostkeychecking ask']));
  });

  it('says the name where no address is known, with the domain where there is one', () => {
    expect(options('k1')).toContain('hostname k1');
    expect(options('k1', { domain: 'lab.example' })).toContain('hostname k1.lab.example');
  });
});
