import { expect, it } from 'vitest';
import { forgetToken, readCluster, readClusters, replaceMember } from '../../../src/admin/client/clusters.ts';
import { makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/house.ts';

const PROFILE = {
  ...{ system: 'flatcar', version: '1.2.3', cluster: { name: 'lab' } },
  nodes: [0, 1, 2].map((n) => ({
    name: `m${String(n)}`,
    mac: `52:54:00:00:00:0${String(n)}`,
    ip: `10.0.1.${String(n + 1)}`,
  })),
};

it('knows the clusters of a folder, and how a member of one is replaced', async () => {
  const settings = settingsFor(makeFolder({ 'profiles/etcd.json': JSON.stringify(PROFILE) }));
  expect(await readClusters(settings)).toMatchObject([{ name: 'lab', state: 'static', size: 3 }]);
  expect(await readCluster(settings, 'lab')).toMatchObject({
    members: [{ name: 'm0' }, { name: 'm1' }, { name: 'm2' }],
  });
  await expect(readCluster(settings, 'lub')).rejects.toMatchObject({
    code: 'not-found',
    remedy: 'did you mean "lab"?',
  });
  expect(await replaceMember(settings, 'lab', 'm1')).toMatchObject({ cluster: 'lab', member: 'm1' });
  await expect(forgetToken(settings, 'abcdef01')).rejects.toMatchObject({ code: 'not-found' });
});
