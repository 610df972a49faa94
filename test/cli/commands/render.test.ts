import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

const FILES = {
  'profiles/a.json': {
    system: 'flatcar',
    version: '1.2.3',
    cloud_config: 'a',
    nodes: [{ name: 'n', mac: '525400551cee' }],
  },
  'configs/a.yml.hbs': '#cloud-config\nhostname: {{node.name}}\n',
  'images/flatcar/amd64/1.2.3/flatcar_production_pxe.vmlinuz': 'k',
  'images/flatcar/amd64/1.2.3/flatcar_production_pxe_image.cpio.gz': 'i',
};

describe('render', () => {
  it('prints the script, and with --explain which file decided what', async () => {
    const { code, stdout, stderr } = await runCli(
      ['render', 'script', '--mac', '52-54-00-55-1C-EE', '--explain', '--base-url', 'http://boot.lan'],
      makeFolder(FILES),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#!ipxe\n/);
    expect(stdout).toContain('http://boot.lan/images/flatcar/amd64/1.2.3/');
    expect(stderr).toContain('# mac 52:54:00:55:1c:ee is node n of profiles/a.json\n');
    expect(stderr).toContain('# cloud_config configs/a.yml.hbs\n');
    expect(stderr).toContain('# base URL http://boot.lan: the setting\n');
  });

  it('--explain names the key', async () => {
    const dir = makeFolder({
      'profiles/a.json': { version: '1.2.3', sshkey: 'k' },
      'sshkeys/k.pub': 'ssh-ed25519 AAAA k',
    });
    const { stderr } = await runCli(['render', 'args', '--profile', 'a', '--explain'], dir);
    expect(stderr).toContain('# sshkey sshkeys/k.pub\n');
    expect(stderr).not.toContain('cloud_config');
  });

  it('prints the node’s own host key, made for it where there is none yet', async () => {
    const dir = makeFolder({
      ...FILES,
      'profiles/a.json': { ...FILES['profiles/a.json'], ssh_host_keys: true },
      'configs/a.yml.hbs': '#cloud-config\nhostname: n\n# {{ssh_host_keys.ed25519_public}}\n',
    });
    const { code, stdout } = await runCli(['render', 'config', '--mac', '525400551cee'], dir);
    expect(code).toBe(0);
    expect(stdout).toContain(`# ${readFileSync(join(dir, 'state/ssh/n_ed25519.pub'), 'utf8')}`);
  });

  it('prints the document and the arguments', async () => {
    const dir = makeFolder(FILES);
    const config = await runCli(['render', 'config', '--mac', '525400551cee', '--explain'], dir);
    expect(config.stdout).toBe('#cloud-config\nhostname: n\n');
    expect(config.stderr).toContain('# document configs/a.yml.hbs\n');
    const args = await runCli(['render', 'args', '--profile', 'a'], dir);
    expect(args.stdout).toContain('cloud-config-url=http://127.0.0.1:4777/configs/a.yml\n');
    const json = JSON.parse(
      (await runCli(['render', 'config', '--mac', '525400551cee', '--json'], dir)).stdout,
    ) as object;
    expect(json).toMatchObject({ text: '#cloud-config\nhostname: n\n' });
  });

  it.each([
    [['script'], 2, 'name one machine'],
    [['script', '--mac', 'x'], 2, '--mac cannot be "x"'],
    [['script', '--uuid', '00000000-0000-0000-0000-000000000000'], 2, '--uuid cannot be'],
    [['script', '--mac', '525400551cee', '--profile', 'a'], 2, 'name one machine'],
    [['nonsense', '--mac', '525400551cee'], 2, 'expected script, config, args'],
    [['config', '--mac', '525400551cee', '--kind', 'x'], 2, '--kind must be one of'],
    [['config', '--mac', '525400551cee', '--kind', 'ignition'], 1, 'profiles/a.json names no ignition'],
    [['config', '--mac', '525400000000'], 1, 'no profile matches this machine'],
    [['script', '--profile', 'nope'], 1, 'there is no profile "nope"'],
    [['config', '--profile', 'a'], 2, 'configs/a.yml.hbs is a template'],
  ])('%j', async (argv, code, message) => {
    const result = await runCli(['render', ...argv], makeFolder(FILES));
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
  });
});
