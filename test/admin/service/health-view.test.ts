import { expect, test } from 'vitest';
import { healthView } from '../../../src/admin/service/health-view.ts';
import { flatcar, MAC, officeStand } from './stand.ts';

test('what is wrong and what a person asks first', async () => {
  const stand = await officeStand({ 'profiles/a.json': flatcar([{ name: 'a', mac: MAC }]), 'profiles/b.json': '{' });
  stand.journal.on = false;
  const view = await healthView(stand.deps);
  expect(view).toMatchObject({ version: '1.2.3', uptimeSeconds: 61 });
  expect(view.problems).toMatchObject([{ severity: 'error', place: { file: 'profiles/b.json' } }]);
  expect(view.troubles.map(({ what }) => what)).toContain('the journal is off: the disk is gone');
  const facts = Object.fromEntries(view.facts.map(({ name, value }) => [name, value]));
  expect(facts).toMatchObject({
    'Profiles in force': '1',
    'Machines that they name': '1',
    HTTP: '127.0.0.1:0',
    TFTP: 'off',
    DHCP: 'off',
    Journal: 'off',
    'Node.js': process.versions.node,
    Disk: expect.stringMatching(/ of .* free$/) as string,
  });
  expect(JSON.stringify(view)).not.toContain(stand.dir);
});
