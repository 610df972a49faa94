import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expectGolden } from '../support/golden.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

const CONFIGS = join(import.meta.dirname, '..', '..', 'configs');
const VALIDATOR = spawnSync('ignition-validate', ['-version']).error === undefined;
const EXAMPLES = ['etcd.ign.hbs', 'etcd-cloud-config.yml.hbs'] as const;

const profile = {
  ...{ system: 'flatcar', version: '4593.2.5', ignition: 'etcd.ign', cloud_config: 'etcd-cloud-config' },
  ...{ cluster: { name: 'lab' }, vars: { etcd_disk: '/dev/sdb' } },
  nodes: [
    { name: 'infra0', mac: '52:54:00:00:00:10', ip: '10.0.1.10' },
    { name: 'infra1', mac: '52:54:00:00:00:11', ip: '10.0.1.11' },
    { name: 'infra2', mac: '52:54:00:00:00:12', ip: '10.0.1.12' },
  ],
};

async function open() {
  return await contextOf({
    'profiles/etcd.json': JSON.stringify(profile),
    'sshkeys/me.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTmB+1ZYqYrAwGLYoqk1q9nOQKGB0TQcGfXuNJ6v2yF me\n',
    ...Object.fromEntries(EXAMPLES.map((name) => [`configs/${name}`, readFileSync(join(CONFIGS, name), 'utf8')])),
  });
}

async function text(kind: 'ignition' | 'cloud_config'): Promise<string> {
  const { bootService, catalog } = await open();
  expect(catalog.current().problems).toEqual([]);
  const question = { facts: factsOf({ mac: '52:54:00:00:00:11' }), origin: originOf() };
  return (await bootService.documentOf(kind, question)).body.toString();
}

describe('the examples of an etcd cluster', () => {
  it('as Ignition', async () => {
    const ignition = await text('ignition');
    expectGolden('render/etcd/infra1.ign', ignition);
    if (VALIDATOR) {
      const said = spawnSync('ignition-validate', ['-'], { input: ignition, encoding: 'utf8' });
      expect([said.status, said.stderr]).toEqual([0, '']);
    }
  });

  it('as cloud-config', async () => {
    const cloud = await text('cloud_config');
    expectGolden('render/etcd/infra1.yml', cloud);
    expect(parse(cloud)).toMatchObject({
      coreos: { locksmith: { endpoint: 'http://10.0.1.10:2379,http://10.0.1.11:2379,http://10.0.1.12:2379' } },
      write_files: [{ path: '/etc/etcd.env', content: expect.stringMatching(/^ETCD_NAME=infra1\nETCD_L/) as string }],
    });
  });
});
