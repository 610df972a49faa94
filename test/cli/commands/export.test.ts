import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const FILES = {
  'profiles/a.json': { system: 'custom', kernel: 'k', nodes: [{ name: 'n', mac: '525400551cee', ip: '10.0.0.5' }] },
};

describe('export', () => {
  it('prints the text and nothing else', async () => {
    const { code, stdout, stderr } = await runCli(['export', 'hosts', '--domain', 'lab'], makeFolder(FILES));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '10.0.0.5\tn.lab n\n', stderr: '' });
  });

  it('hands every option on', async () => {
    const argv = [
      'export',
      'dnsmasq',
      '--server',
      '10.0.0.2',
      '--network',
      '10.0.0.1/24',
      '--domain',
      'lab',
      '--etcd',
      'a',
    ];
    const { stdout } = await runCli(argv, makeFolder(FILES));
    expect(stdout).toContain('undionly.kpxe,,10.0.0.2\n');
    expect(stdout).toContain('dhcp-range=10.0.0.128');
    expect(stdout).toContain('srv-host=_etcd-server._tcp.lab,n.lab,2380,0,100');
  });

  it.each([
    [['export', 'dnsmask'], 'there is no export "dnsmask" (did you mean dnsmasq?)'],
    [['export', 'x'], 'one of dnsmasq, libvirt-network'],
    [['export'], 'expected dnsmasq|libvirt-network'],
  ])('%j is called wrongly', async (argv, message) => {
    const { code, stdout, stderr } = await runCli(argv, makeFolder(FILES));
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('prints one machine for libvirt, with its options', async () => {
    const argv = ['export', 'libvirt-domain', 'n', '--uefi', '--plug', 'default'];
    const { code, stdout } = await runCli(argv, makeFolder(FILES));
    expect(code).toBe(0);
    expect(stdout).toContain("<os firmware='efi'>");
    expect(stdout).toContain("<source network='default'/>");
  });

  it.each([
    [['libvirt-domain'], 2, 'libvirt-domain needs the name of a node'],
    [['libvirt-domain', 'nn'], 1, 'no profile has a node called "nn" (did you mean n?)'],
    [['libvirt-domain', 'n', '--plug', "a'b"], 2, '--plug cannot be'],
    [['hosts', 'n'], 2, 'hosts is about every machine'],
  ])('%j ends with %d', async (words, status, message) => {
    const { code, stderr } = await runCli(['export', ...words], makeFolder(FILES));
    expect(stderr).toContain(message);
    expect(code).toBe(status);
  });

  it('fails when a profile is broken', async () => {
    const { code, stdout, stderr } = await runCli(['export', 'hosts'], makeFolder({ 'profiles/b.json': '{' }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('profiles/b.json');
  });

  it('writes a file with -o, from where the person stands, and replaces one only with --force', async () => {
    const dir = makeFolder(FILES);
    const argv = ['export', 'hosts', '-o', 'out'];
    expect(await runCli(argv, dir)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe('10.0.0.5\tn\n');
    expect(statSync(join(dir, 'out')).mode & 0o777).toBe(0o644);
    const again = await runCli([...argv, '--domain', 'lab'], dir);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('exists already (choose another name, or add --force)');
    expect(await runCli([...argv, '--domain', 'lab', '--force'], dir)).toMatchObject({ code: 0 });
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe('10.0.0.5\tn.lab n\n');
  });

  it('hands the options of ssh-config on', async () => {
    const { stdout } = await runCli(['export', 'ssh-config', '--user', 'me', '--known-hosts', '/k'], makeFolder(FILES));
    expect(stdout).toContain('  User me\n');
    expect(stdout).toContain('-o /k\n');
  });
});
