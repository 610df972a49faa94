import { expect, test } from 'vitest';
import { underLock } from '../../../src/releases/under-lock.ts';
import { flatcar, officeStand } from './stand.ts';

const image = (version: string, name: string): string => `images/flatcar/amd64/${version}/${name}`;
const release = (version: string): Readonly<Record<string, string | object>> => ({
  [image(version, 'flatcar_production_pxe.vmlinuz')]: 'k',
  [image(version, 'flatcar_production_pxe_image.cpio.gz')]: 'i',
  [image(version, '.pilotlight.json')]: { system: 'flatcar', channel: 'stable', arch: 'amd64', version, files: {} },
});
const FILES = { ...release('4593.2.4'), ...release('4593.2.5') };

test('everything that the doors may ask for is there', async () => {
  const { office } = await officeStand({});
  expect(Object.keys(office).sort()).toEqual(
    'acceptState adopt cancelReinstall health machine machines onChange pin previewProfile profile profiles prune reinstall release releaseClaim releases rollback saveProfile sent syncNow syncSteps'.split(
      ' ',
    ),
  );
  expect(await office.syncNow()).toEqual({ started: true });
  expect((await office.health()).version).toBe('1.2.3');
  expect((await office.releases()).targets).toEqual([]);
});

test('a rollback is in force when the answer comes', async () => {
  const stand = await officeStand({ ...FILES, 'profiles/w.json': flatcar() });
  expect(await stand.office.rollback('w')).toEqual({
    profile: 'w',
    from: '4593.2.5',
    to: '4593.2.4',
    heldAbove: '4593.2.5',
  });
  expect(stand.catalog.current().profiles.get('w')?.version).toBe('4593.2.4');
  await expect(stand.office.rollback('x')).rejects.toMatchObject({ code: 'not-found' });
});

test('a rollback while a sync runs is a conflict', async () => {
  const stand = await officeStand({ ...FILES, 'profiles/w.json': flatcar() });
  const done = await underLock(stand.files, 'a sync', async () => {
    await expect(stand.office.rollback('w')).rejects.toMatchObject({ code: 'conflict' });
    return 'asked';
  });
  expect(done).toEqual({ kind: 'done', value: 'asked' });
  expect(stand.catalog.current().profiles.get('w')?.version).toBe('4593.2.5');
});
