import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  forgetToken,
  openClusterBook,
  readCluster,
  readClusters,
  replaceMember,
} from '../../../src/admin/client/clusters.ts';
import { writeRunningServer } from '../../../src/admin/client/running-server.ts';
import { Discovery } from '../../../src/etcd/discovery.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { makeFolder as makeStateFolder } from '../../../src/files/publish.ts';
import { openJournalDirectly } from '../../../src/journal/create-journal.ts';
import { SILENT } from '../../../src/model/service.ts';
import { OPERATOR, startDiscovery } from '../../support/discovery-stand.ts';
import { makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/house.ts';

const urlOf = (token: string): string => `http://pxe/discovery/${token}`;

describe('the discovery tokens of a folder', () => {
  it('are none before a server made any', async () => {
    const dir = makeFolder({});
    const book = await openClusterBook(await openDataRoot(dir), settingsFor(dir));
    expect(await book.all()).toEqual([]);
    await expect(book.forget('abcdef01')).rejects.toMatchObject({ code: 'not-found' });
    await book.close();
  });

  it('are in the database, where no server runs', async () => {
    const dir = makeFolder({});
    const files = await openDataRoot(dir);
    await makeStateFolder(files, 'state');
    const journal = await openJournalDirectly({ file: join(dir, 'state', 'pilotlight.db'), days: 90, log: SILENT });
    const discovery = new Discovery({ store: journal.discovery, now: () => 7, random: () => 'abcdef01' });
    await discovery.load();
    const made = await discovery.create({ size: 3, urlOf, cluster: 'lab' });
    await journal.stop(new AbortController().signal);

    const book = await openClusterBook(files, settingsFor(dir));
    expect(await book.all()).toEqual([made]);
    await expect(book.forget('other-token')).rejects.toMatchObject({ code: 'not-found' });
    await book.forget('abcdef01');
    await book.close();
    const again = await openClusterBook(files, settingsFor(dir));
    expect(await again.all()).toEqual([]);
    await again.close();
  });

  it('are those of the running server, asked for with the admin token', async () => {
    const dir = makeFolder({});
    const files = await openDataRoot(dir);
    await using stand = await startDiscovery({ instance: 'this-one' });
    const made = await stand.discovery.create({ size: 3, urlOf });
    await writeRunningServer(files, { pid: 1, url: stand.url, startedAt: 0, instance: 'this-one' });
    const token = OPERATOR.authorization.replace('Bearer ', '');
    const book = await openClusterBook(files, settingsFor(dir, { adminToken: token }));
    expect(await book.all()).toEqual([made]);
    await expect(book.forget('other-token')).rejects.toMatchObject({ code: 'not-found' });
    await book.forget(made.token);
    expect(stand.discovery.all()).toEqual([]);

    await expect(openClusterBook(files, settingsFor(dir))).rejects.toMatchObject({ code: 'refused' });
    const wrong = await openClusterBook(files, settingsFor(dir, { adminToken: 'not the token' }));
    await expect(wrong.all()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('401') as string,
    });
  });
});

const PROFILE = {
  ...{ system: 'flatcar', version: '1.2.3', cluster: { name: 'lab' } },
  nodes: [0, 1, 2].map((n) => ({
    name: `m${n}`,
    mac: `52:54:00:00:00:0${n}`,
    ip: `10.0.1.${n + 1}`,
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
