import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAdminClient } from '../../../src/admin/client/open-client.ts';
import { writeRunningServer } from '../../../src/admin/client/running-server.ts';
import { Discovery } from '../../../src/etcd/discovery.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { makeFolder as makeStateFolder } from '../../../src/files/publish.ts';
import { openJournalDirectly } from '../../../src/journal/create-journal.ts';
import { SILENT } from '../../../src/model/service.ts';
import { OPERATOR, startDiscovery } from '../../support/discovery-setup.ts';
import { makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/app-context.ts';

const urlOf = (token: string): string => `http://pxe/discovery/${token}`;

describe('the discovery tokens of a folder', () => {
  it('are none before a server made any', async () => {
    const dir = makeFolder({});
    const client = await openAdminClient(settingsFor(dir));
    expect(await client.tokens()).toEqual([]);
    await expect(client.forgetToken('abcdef01')).rejects.toMatchObject({ code: 'not-found' });
    await client.close();
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

    const client = await openAdminClient(settingsFor(dir));
    expect(await client.tokens()).toEqual([made]);
    await expect(client.forgetToken('other-token')).rejects.toMatchObject({ code: 'not-found' });
    await client.forgetToken('abcdef01');
    await client.close();
    const again = await openAdminClient(settingsFor(dir));
    expect(await again.tokens()).toEqual([]);
    await again.close();
  });

  it('are those of the running server, asked for with the admin token', async () => {
    const dir = makeFolder({});
    const files = await openDataRoot(dir);
    await using setup = await startDiscovery({ instance: 'this-one' });
    const made = await setup.discovery.create({ size: 3, urlOf });
    await writeRunningServer(files, { pid: 1, url: setup.url, startedAt: 0, instance: 'this-one' });
    const token = OPERATOR.authorization.replace('Bearer ', '');
    const client = await openAdminClient(settingsFor(dir, { adminToken: token }));
    expect(await client.tokens()).toEqual([made]);
    await expect(client.forgetToken('other-token')).rejects.toMatchObject({ code: 'not-found' });
    await client.forgetToken(made.token);
    expect(setup.discovery.all()).toEqual([]);

    await expect(openAdminClient(settingsFor(dir))).rejects.toMatchObject({ code: 'refused' });
    const wrong = await openAdminClient(settingsFor(dir, { adminToken: 'not the token' }));
    await expect(wrong.tokens()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('401') as string,
    });
  });
});
