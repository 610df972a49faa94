import { expect, test } from 'vitest';
import { profilePage } from '../../../src/admin/web/profile-page.ts';
import { sampleOffice } from '../../support/fake-office.ts';

const NOW = 1_800_000_000_000;
const office = sampleOffice(NOW);
const { targets } = await office.releases();
const pageOf = async (name: string) => {
  const release = targets.find(({ profiles }) => profiles.includes(name));
  return profilePage({ view: await office.profile(name), release, now: NOW });
};

test('knows the versions on the shelf, which one is in use, and whether there is a way back', async () => {
  const { data, title } = await pageOf('workers');
  expect(title).toBe('workers');
  expect(data['versions']).toMatchObject([
    { version: '4593.2.1', current: true, size: '412 MiB' },
    { current: false },
    { current: false },
  ]);
  expect(data['canRollBack']).toBe(true);
  expect((await pageOf('edge-canary')).data['canRollBack']).toBe(false);
  expect((await pageOf('rescue')).data).toMatchObject({ versions: [], canRollBack: false, held: undefined });
});

test('marks the line of a problem', async () => {
  const lines = (await pageOf('lab-debian')).data['lines'] as readonly {
    readonly number: number;
    readonly problem?: string;
  }[];
  expect(lines.filter(({ problem }) => problem !== undefined)).toEqual([
    { number: 6, text: '  "kernel_arg": ["quiet"],', problem: 'error' },
  ]);
  expect(lines.at(-1)).toMatchObject({ text: '}' });
});

test('does not mark the line of another file', async () => {
  const lines = (await pageOf('storage-ubuntu')).data['lines'] as readonly { readonly problem?: string }[];
  expect(lines.every(({ problem }) => problem === undefined)).toBe(true);
});

test('tells why a roll back did not happen', async () => {
  const view = await office.profile('workers');
  expect(profilePage({ view, release: undefined, now: NOW, failed: { message: 'm' } }).data).toMatchObject({
    failed: { message: 'm' },
  });
});
