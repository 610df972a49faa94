import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { makeHostKey } from '../../src/machines/host-keys.ts';
import { makeFolder } from '../support/folder.ts';
import { startServer } from '../support/lab-server.ts';
import { needs } from '../support/needs.ts';
import { runCli } from '../support/run-cli.ts';
import { ssh, startSshd } from '../support/sshd.ts';

const ADDRESS = '127.0.47.11';
const MAC = '52:54:00:55:1c:ee';
const FILES = {
  'profiles/nodes.json': {
    system: 'flatcar',
    version: '4593.2.5',
    ssh_host_keys: true,
    cloud_config: 'node',
    ignition: 'node.ign',
    nodes: [{ name: 'a-coreos', mac: MAC, ip: ADDRESS }],
  },
  'configs/node.yml.hbs': `#cloud-config
hostname: {{node.name}}
write_files:
  - path: /etc/ssh/ssh_host_ed25519_key
    permissions: '0600'
    content: |
      {{indent ssh_host_keys.ed25519_private 6}}
`,
  'configs/node.ign.hbs': `{
  "ignition": { "version": "3.4.0" },
  "storage": { "files": [
    {
      "path": "/etc/ssh/ssh_host_ed25519_key", "mode": 384, "overwrite": true,
      "contents": { "source": "data:;base64,{{base64 ssh_host_keys.ed25519_private}}" }
    }
  ] }
}
`,
};

/** The host key that the node finds in its own configuration, from a server that has just started. */
async function deliveredKeys(dir: string): Promise<{ cloudConfig: string; ignition: string }> {
  await using server = await startServer({ dataDir: dir });
  const get = async (path: string): Promise<string> => (await fetch(`${server.url}${path}?mac=${MAC}`)).text();
  const cloud = parse(await get('/configs/node.yml')) as { write_files: { content: string }[] };
  const ignition = JSON.parse(await get('/ignition')) as {
    storage: { files: { contents: { source: string } }[] };
  };
  const source = ignition.storage.files[0]?.contents.source ?? '';
  return {
    cloudConfig: cloud.write_files[0]?.content ?? '',
    ignition: await (await fetch(source)).text(),
  };
}

/** Every text that the journal keeps. */
function sentTexts(dir: string): string {
  const db = new DatabaseSync(join(dir, 'state/pilotlight.db'), { readOnly: true });
  try {
    const rows = db.prepare('SELECT body FROM sent').all() as { body: Uint8Array }[];
    return rows.map(({ body }) => inflateRawSync(body).toString()).join('');
  } finally {
    db.close();
  }
}

// Debian: openssh-server, openssh-client.
needs({ commands: ['ssh', 'ssh-keygen', 'sshd'], files: ['/usr/sbin/sshd'] }).test(
  'a node that boots with the delivered key is known by name, over restarts; one with another key is refused',
  async () => {
    const dir = makeFolder(FILES);
    const keys = await deliveredKeys(dir);
    expect(keys.ignition).toBe(keys.cloudConfig);
    // The server has been away meanwhile: the node boots again with the same identity.
    expect(await deliveredKeys(dir)).toEqual(keys);

    // The journal has what the node was sent, without the key.
    const journal = sentTexts(dir);
    expect(journal).toContain('ssh_host_ed25519_key');
    for (const line of keys.cloudConfig.split('\n').slice(2, -2)) expect(journal).not.toContain(line);
    expect(journal).not.toContain(Buffer.from(keys.cloudConfig).toString('base64').slice(80, 160));

    const home = makeFolder();
    const login = join(home, 'login');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', login]);
    const allowed = readFileSync(`${login}.pub`, 'utf8');
    const [config, known] = [join(home, 'config'), join(home, 'known hosts')];
    const words = ['--user', userInfo().username, '--known-hosts', known, '--domain', 'lab.example'];
    for (const argv of [
      ['export', 'ssh-config', ...words, '-o', config],
      ['export', 'known-hosts', '--domain', 'lab.example', '-o', known],
    ]) {
      expect(await runCli([...argv, '--data-dir', dir])).toEqual({ code: 0, stdout: '', stderr: '' });
    }
    const strict = ['-F', config, '-i', login, '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=yes'];
    const before = readFileSync(known, 'utf8');

    {
      await using sshd = await startSshd({ address: ADDRESS, hostKey: keys.cloudConfig, allowed });
      for (const name of ['a-coreos', 'a-coreos.lab.example']) {
        const run = ssh([...strict, '-p', String(sshd.port), name, 'echo it is $USER']);
        expect(run, sshd.log()).toMatchObject({ status: 0, stdout: `it is ${userInfo().username}\n` });
      }
      // By its address alone, without the exported names: the address is in known_hosts too.
      const plain = [
        '-F',
        'none',
        '-i',
        login,
        '-o',
        `UserKnownHostsFile="${known}"`,
        '-o',
        'StrictHostKeyChecking=yes',
      ];
      const byAddress = [...plain, '-o', `HostKeyAlias=${ADDRESS}`, '-p', String(sshd.port), ADDRESS, 'echo hello'];
      expect(ssh(byAddress)).toMatchObject({ status: 0, stdout: 'hello\n' });
    }

    {
      const hostKey = makeHostKey('a-coreos').privateKey;
      await using impostor = await startSshd({ address: ADDRESS, hostKey, allowed });
      const run = ssh([...strict, '-p', String(impostor.port), 'a-coreos', 'echo hello']);
      expect(run).toMatchObject({ status: 255, stdout: '' });
      expect(run.stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
      expect(run.stderr).toContain('Host key verification failed');
    }
    // ssh has learnt nothing by itself.
    expect(readFileSync(known, 'utf8')).toBe(before);
  },
);
