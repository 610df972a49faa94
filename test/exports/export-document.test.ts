import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { exportText, type ExportRequest } from '../../src/exports/export.ts';
import { addFiles, makeFolder, type FolderFiles } from '../support/folder.ts';
import { originOf, settingsFor } from '../support/app-context.ts';
import { needs } from '../support/needs.ts';

const CLOUD = `#cloud-config
hostname: {{node.name}}
write_files:
  - path: /etc/ssh/ssh_host_ed25519_key
    permissions: '0600'
    content: |
      {{indent ssh_host_keys.ed25519_private 6}}
  - path: /etc/where
    content: {{base_url}} $private_ipv4
`;
const IGNITION = { ignition: { version: '3.4.0' } };
const FILES: FolderFiles = {
  'profiles/c.json': {
    version: '1.0.0',
    cloud_config: 'c',
    sshkey: 'me',
    ssh_host_keys: true,
    nodes: [{ name: 'c1', mac: '525400551cee', ip: '10.0.0.5' }],
  },
  'profiles/f.json': {
    system: 'fedora-coreos',
    version: '44.20260707.3.1',
    ignition: 'f.ign',
    nodes: [{ name: 'f1', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' }],
  },
  'profiles/u.json': { system: 'ubuntu', version: '24.04', nocloud: 'u', nodes: [{ name: 'u1', serial: 'CZ 1' }] },
  'profiles/t.json': { system: 'talos', version: 'v1.7.0', nodes: [{ name: 't1', mac: '525400551cef' }] },
  'configs/c.yml.hbs': CLOUD,
  'configs/f.ign': IGNITION,
  'configs/u': '#cloud-config\nautoinstall: {version: 1}\n',
  'sshkeys/me.pub': 'ssh-ed25519 AAAA me\n',
};

async function ask(dir: string, request: ExportRequest): Promise<string> {
  return await exportText(settingsFor(dir, { baseUrl: originOf('10.0.0.1:4777') }), request, () => []);
}

const output = (dir: string, name: string) => ({ name, path: join(dir, name), force: false });
const data = (text: string, key: string): string =>
  gunzipSync(Buffer.from(new RegExp(`${key} = "(.*)"`).exec(text)?.[1] ?? '', 'base64')).toString();

describe('the configuration of one node', () => {
  it('for VMware is what the server would send it, with its host key', async () => {
    const dir = makeFolder(FILES);
    const text = await ask(dir, { kind: 'guestinfo', node: 'c1' });
    const document = data(text, 'guestinfo.coreos.config.data');
    const key = readFileSync(join(dir, 'state/ssh/c1_ed25519'), 'utf8');
    expect(document).toContain(`      ${key.trimEnd().replaceAll('\n', '\n      ')}\n`);
    expect(document).toContain('hostname: c1\n');
    expect(document).toContain('content: http://10.0.0.1:4777 10.0.0.5\n');
    expect(await ask(dir, { kind: 'guestinfo', node: 'c1' })).toBe(text);
  });

  it('for VMware and cloud-init has the metadata of NoCloud', async () => {
    const text = await ask(makeFolder(FILES), { kind: 'guestinfo', node: 'u1' });
    expect(data(text, 'guestinfo.metadata')).toContain('local-hostname: "u1"\n');
    expect(data(text, 'guestinfo.userdata')).toBe('#cloud-config\nautoinstall: {version: 1}\n');
  });

  it('for QEMU is a file for its owner alone, and the argument that names it', async () => {
    const dir = makeFolder(FILES);
    expect(await ask(dir, { kind: 'ignition-fw-cfg', node: 'f1' })).toBe(
      '-fw_cfg name=opt/com.coreos/config,file=f1.ign\n',
    );
    const line = await ask(dir, { kind: 'ignition-fw-cfg', node: 'f1', output: output(dir, 'my.ign') });
    expect(line).toBe('-fw_cfg name=opt/com.coreos/config,file=my.ign\n');
    expect(JSON.parse(readFileSync(join(dir, 'my.ign'), 'utf8'))).toEqual(IGNITION);
    expect(statSync(join(dir, 'my.ign')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['guestinfo', 't1', "talos reads nothing from VMware's guestinfo"],
    ['ignition-fw-cfg', 'u1', 'ubuntu reads nothing from fw_cfg'],
    ['ignition-fw-cfg', 'c1', 'profiles/c.json names no document that fw_cfg can carry'],
  ] as const)('%s of %s is refused: %s', async (kind, node, message) => {
    await expect(ask(makeFolder(FILES), { kind, node })).rejects.toMatchObject({ code: 'invalid', message });
  });

  it('with a broken host key is refused, and nothing is written', async () => {
    const dir = makeFolder({ ...FILES, 'state/ssh/c1_ed25519': 'rubbish' });
    const request = { kind: 'config-drive', node: 'c1', output: output(dir, 'x.iso') } as const;
    await expect(ask(dir, request)).rejects.toThrow('the host key of c1 cannot be used');
    expect(() => statSync(join(dir, 'x.iso'))).toThrow('ENOENT');
    expect(readFileSync(join(dir, 'state/ssh/c1_ed25519'), 'utf8')).toBe('rubbish');
  });
});

// Debian: genisoimage.
needs({ commands: ['isoinfo'] }).describe('a config drive', () => {
  const read = (iso: string, path: string): string =>
    execFileSync('isoinfo', ['-R', '-i', iso, '-x', path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  it('read back is the document and its metadata; the same again is the same', async () => {
    const dir = makeFolder(FILES);
    for (const name of ['1.iso', '2.iso']) {
      expect(await ask(dir, { kind: 'config-drive', node: 'c1', output: output(dir, name) })).toBe('');
    }
    const iso = join(dir, '1.iso');
    const document = data(await ask(dir, { kind: 'guestinfo', node: 'c1' }), 'guestinfo.coreos.config.data');
    expect(read(iso, '/openstack/latest/user_data')).toBe(document);
    expect(JSON.parse(read(iso, '/openstack/latest/meta_data.json'))).toEqual({
      uuid: 'pilotlight-52-54-00-55-1c-ee',
      hostname: 'c1',
      public_keys: { pilotlight: 'ssh-ed25519 AAAA me' },
    });
    expect(execFileSync('isoinfo', ['-d', '-i', iso], { encoding: 'utf8' })).toContain('Volume id: config-2\n');
    expect(statSync(iso).mode & 0o777).toBe(0o600);
    expect(readFileSync(iso).equals(readFileSync(join(dir, '2.iso')))).toBe(true);
  });
});

describe('known-hosts', () => {
  it('has the key that the document has, made once', async () => {
    const dir = makeFolder(FILES);
    const text = await ask(dir, { kind: 'known-hosts', domain: 'lab' });
    const [, blob = ''] = readFileSync(join(dir, 'state/ssh/c1_ed25519.pub'), 'utf8').split(' ');
    expect(text.split('\n').slice(1)).toEqual([`c1,c1.lab,10.0.0.5 ssh-ed25519 ${blob}`, '']);
    expect(await ask(dir, { kind: 'known-hosts', domain: 'lab' })).toBe(text);
  });

  it('makes nothing for profiles that do not ask', async () => {
    const dir = makeFolder();
    addFiles(dir, { 'profiles/f.json': FILES['profiles/f.json'] ?? '', 'configs/f.ign': IGNITION });
    expect(await ask(dir, { kind: 'known-hosts' })).toContain('# No profile with nodes says');
    expect(() => statSync(join(dir, 'state'))).toThrow('ENOENT');
  });

  it('is refused as a whole when a key is broken: the node would quietly be missing', async () => {
    const dir = makeFolder(FILES);
    addFiles(dir, { 'state/ssh/c1_ed25519': '' });
    writeFileSync(join(dir, 'state/ssh/c1_ed25519'), '');
    await expect(ask(dir, { kind: 'known-hosts' })).rejects.toMatchObject({ code: 'broken' });
  });
});
