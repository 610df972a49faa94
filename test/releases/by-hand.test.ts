import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishedReleases } from '../../src/admin/service/releases.ts';
import { readContext } from '../../src/context/app-context.ts';
import { MANIFEST_NAME } from '../../src/images/manifest.ts';
import { adoptImages, listImages, pruneImages, verifyImages } from '../../src/releases/image-commands.ts';
import { publishedState } from '../../src/releases/publish.ts';
import type { Audited } from '../../src/releases/retain.ts';
import { rollback } from '../../src/releases/rollback.ts';
import { makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';

const release = (folder: string) => ({
  [`images/${folder}/flatcar_production_pxe.vmlinuz`]: 'kernel',
  [`images/${folder}/flatcar_production_pxe_image.cpio.gz`]: 'initramfs',
});

function setup() {
  const dir = makeFolder({
    ...release('flatcar/amd64/2.0.0'),
    ...release('flatcar/amd64/1.0.0'),
    ...release('flatcar/amd64/3.0.0'),
    [`images/flatcar/amd64/3.0.0/${MANIFEST_NAME}`]: {
      ...{ system: 'flatcar', channel: 'stable', arch: 'amd64', version: '3.0.0', publishedAt: '2026-11-01T00:00:00Z' },
      files: {},
    },
    'images/flatcar/amd64/empty/.keep': '',
    'images/mine/1.0.0/x': 'of no profile',
    'profiles/a.json': { system: 'flatcar', channel: 'beta', version: '2.0.0' },
  });
  return { dir, settings: settingsFor(dir, { sync: { ...settingsFor(dir).sync, keepReleases: 0 } }) };
}

test('images placed by hand are listed where a profile looks for them, each once, and what was published is not', async () => {
  const { settings } = setup();
  const { keep, remove } = await listImages(settings);
  const byHand = 'by hand, not verified: it stays until you remove it';
  expect(keep.map(({ release: { shelf, size }, because }) => [shelf, size, because])).toEqual([
    ['flatcar/amd64/2.0.0', 15, ['profile a', byHand]],
    ['flatcar/amd64/1.0.0', 15, [byHand]],
  ]);
  expect(remove.map(({ shelf }) => shelf)).toEqual(['flatcar/amd64/3.0.0']);
});

test('the Releases page says of them that nothing was verified', async () => {
  const { settings } = setup();
  const { files, catalog } = await readContext(settings);
  const rows = await publishedReleases({ files, catalog, settings, now: Date.now });
  expect(rows.map(({ version, byHand, verified }) => [version, byHand, verified])).toEqual([
    ['3.0.0', undefined, undefined],
    ['2.0.0', true, undefined],
    ['1.0.0', true, undefined],
  ]);
});

test('a rollback finds them', async () => {
  const { dir, settings } = setup();
  const done = await rollback(settings, 'a');
  expect(done).toMatchObject({ kind: 'done', value: { from: '2.0.0', to: '1.0.0' } });
  expect(readFileSync(join(dir, 'profiles/a.json'), 'utf8')).toContain('"version": "1.0.0"');
});

test('adopted, their digests are written down: a change shows, nothing removes them, and the sync leaves them alone', async () => {
  const { dir, settings } = setup();
  const adopted = await adoptImages(settings, []);
  expect(adopted).toMatchObject({
    value: [
      { shelf: 'flatcar/amd64/2.0.0', files: 2 },
      { shelf: 'flatcar/amd64/1.0.0', files: 2 },
    ],
  });
  const audit = async (): Promise<readonly string[]> => {
    const seen: Audited[] = [];
    await verifyImages(settings, (one) => seen.push(one));
    return seen.filter(({ state }) => state !== 'good').map(({ path, state }) => `${path} ${state}`);
  };
  expect(await audit()).toEqual([]);
  const path = 'flatcar/amd64/1.0.0/flatcar_production_pxe.vmlinuz';
  writeFileSync(join(dir, 'images', path), 'KERNEL');
  expect(await audit()).toEqual([`${path} changed`]);
  await pruneImages(settings, () => undefined);
  expect(existsSync(join(dir, 'images', path))).toBe(true);
  expect(existsSync(join(dir, 'images/flatcar/amd64/3.0.0'))).toBe(false);
  const { files } = await readContext(settings);
  const ref = { system: 'flatcar', channel: 'beta', arch: 'amd64', version: '2.0.0', shelf: 'flatcar/amd64/2.0.0' };
  await expect(publishedState(files, { ref } as never)).rejects.toMatchObject({ code: 'conflict' });
  // Once more: nothing is left to be adopted.
  expect(await adoptImages(settings, [])).toMatchObject({ value: [] });
});

test('a folder without such files is refused by name', async () => {
  const { settings } = setup();
  for (const shelf of ['flatcar/amd64/3.0.0', 'flatcar/amd64/9', '../state', 'mine/1.0.0']) {
    await expect(adoptImages(settings, [shelf])).rejects.toMatchObject({ code: 'not-found' });
  }
  expect(await adoptImages(settings, ['images/flatcar/amd64/1.0.0/'])).toMatchObject({
    value: [{ shelf: 'flatcar/amd64/1.0.0', files: 2 }],
  });
});
