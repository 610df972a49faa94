import { expect, test } from 'vitest';
import { brokenRow, profileRow } from '../../../src/admin/service/profile-rows.ts';
import { officeStand } from './stand.ts';

test('a profile in force, with its own problems and those of its documents only', async () => {
  const { catalog } = await officeStand({
    'profiles/a.json': { version: '1.2.3', cloud_config: 'a', sshkey: 'gone', nodes: [{ name: 'n', serial: 'x' }] },
    'configs/a.yml': 'no cloud-config',
    'configs/b.yml': 'no cloud-config either',
    'profiles/b.json': { version: '1.2.3', cloud_config: 'b' },
  });
  const snapshot = catalog.current();
  const profile = snapshot.profiles.get('a');
  if (profile === undefined) throw new TypeError('no profile');
  const row = profileRow(profile, snapshot);
  expect(row).toMatchObject({
    name: 'a',
    file: 'profiles/a.json',
    system: 'coreos',
    channel: 'stable',
    arch: 'amd64',
    version: '1.2.3',
    update: 'auto',
    nodes: 1,
    default: false,
    install: false,
    inForce: true,
  });
  expect(row.title).toMatch(/CoreOS/);
  const about = row.problems.map(({ place }) => place.file);
  expect(about).toContain('profiles/a.json');
  expect(about).toContain('configs/a.yml');
  expect(about).not.toContain('configs/b.yml');
});

test('a file that never was good: what can be read of it', async () => {
  const stand = await officeStand({
    'profiles/half.json':
      '{"system": "flatcar", "version": "1", "channel": 7, "update": "manual", "nodes": [{}], "install": 1}',
    'profiles/none.json': '{',
    'profiles/list.json': '[]',
  });
  const { problems } = stand.catalog.current();
  expect(await brokenRow('profiles/half.json', stand.files, { problems })).toMatchObject({
    name: 'half',
    system: 'flatcar',
    channel: 'stable',
    version: '1',
    update: 'manual',
    nodes: 1,
    install: true,
    inForce: false,
  });
  for (const name of ['none', 'list', 'gone']) {
    const row = await brokenRow(`profiles/${name}.json`, stand.files, { problems });
    expect(row).toMatchObject({ name, version: '', nodes: 0, inForce: false });
    expect(row.problems.length > 0).toBe(name !== 'gone');
  }
});
