import { expect, test } from 'vitest';
import { confirmPage, installDisk } from '../../../src/admin/web/confirm-page.ts';
import type { MachineView } from '../../../src/model/views.ts';

const VIEW: MachineView = {
  row: { key: '52:54:00:55:1c:ee', name: 'w1', profile: 'p', state: 'up', boots: [] },
  boots: [],
  because: '',
  texts: [],
};

test('says which disk is erased', () => {
  const { data, title } = confirmPage('reinstall', VIEW, '/dev/sda');
  expect(title).toBe('Reinstall w1');
  expect(data['points']).toContain('The disk /dev/sda is erased, with everything on it.');
  expect(data).toMatchObject({
    button: 'Erase /dev/sda and reinstall',
    action: '/dashboard/machines/52%3A54%3A00%3A55%3A1c%3Aee/reinstall',
  });
});

test('says before what the machine would wait for', () => {
  const missing = ['profiles/p.json:2:3 version: images/a is not there (put it there)'];
  expect(confirmPage('reinstall', VIEW, '/dev/sda', missing).data['missing']).toEqual(missing);
});

test('says so when the disk is not known', () => {
  expect(confirmPage('reinstall', VIEW).data).toMatchObject({ button: 'Erase and reinstall' });
});

test('says out of what a machine is taken', () => {
  expect(confirmPage('release', VIEW).data['question']).toBe('Take w1 out of profile p?');
  const row = { key: 'k', name: 'w1', state: 'up', boots: [] } as const;
  expect(confirmPage('release', { ...VIEW, row }).data['question']).toBe('Take w1 out of its profile?');
});

test.each([
  ['{"install":{"disk":"/dev/sda"}}', '/dev/sda'],
  ['{"install":{}}', undefined],
  ['{"install":{"disk":7}}', undefined],
  ['{"install":null}', undefined],
  ['{}', undefined],
  ['[]', undefined],
  ['{', undefined],
])('the disk in %s is %s', (text, disk) => {
  expect(installDisk(text)).toBe(disk);
});
