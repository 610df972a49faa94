import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../support/app-context.ts';
import { byMac, claimAs, MAC, openSetup, TARGET } from './marks.ts';

const OTHER = byMac('52:54:00:00:00:02');
const PROFILES = { 'profiles/a.json': '{}' };

async function installedOnce() {
  const setup = await openSetup(PROFILES);
  await setup.marks.installed(byMac(), TARGET);
  return { ...setup, marker: join(setup.dir, 'profiles/.pilotlight'), state: join(setup.dir, 'state') };
}

describe('a lost state/', () => {
  it('is noticed: nothing is installed until an operator says go, and that is said', async () => {
    const { reopen, state, log } = await installedOnce();
    rmSync(state, { recursive: true });
    const marks = await reopen();
    expect(log.of('error').at(-1)?.message).toBe('no machine is installed');
    for (const who of [byMac(), OTHER]) {
      expect(await claimAs(marks, who)).toMatchObject({
        kind: 'unknown',
        why: expect.stringContaining('state/ was lost') as string,
      });
    }
    expect(marks.problems()).toMatchObject([
      {
        severity: 'error',
        place: { file: 'state/machines' },
        remedy: expect.stringContaining('state accept') as string,
      },
    ]);
    expect(await marks.accept()).toBe(true);
    expect(await claimAs(marks, OTHER)).toMatchObject({ kind: 'install' });
    expect([await marks.accept(), marks.problems()]).toEqual([false, []]);
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'install' });
  });

  it('is noticed also where a report came meanwhile: that machine is safe, the others wait', async () => {
    const { reopen, state } = await installedOnce();
    rmSync(state, { recursive: true });
    await (await reopen()).installed(OTHER, TARGET);
    const marks = await reopen();
    expect(await claimAs(marks, OTHER)).toMatchObject({ kind: 'local' });
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'unknown' });
  });

  it('is not noticed where a rack reports at once: one id stands in both places', async () => {
    const { marks, reopen } = await openSetup(PROFILES);
    const rack = Array.from({ length: 20 }, (_, at) => byMac(`52:54:00:00:01:${at + 10}`));
    await Promise.all(rack.map((who) => marks.installed(who, TARGET)));
    expect((await reopen()).problems()).toEqual([]);
  });

  it('is noticed with a marker that cannot be understood, and a state of another folder', async () => {
    const { reopen, marker } = await installedOnce();
    for (const text of ['', 'null', '{ "id": "another" }']) {
      writeFileSync(marker, text);
      const marks = await reopen();
      expect(await claimAs(marks, OTHER)).toMatchObject({ kind: 'unknown' });
      expect(await claimAs(marks, byMac()), 'what is known is known').toMatchObject({ kind: 'local' });
      await marks.accept();
      expect((await reopen()).problems()).toEqual([]);
    }
  });
});

it('the marker is no profile, and no problem', async () => {
  const { catalog } = await contextOf({ 'profiles/.pilotlight': '{ "id": "x" }', 'profiles/a.json': { version: '1' } });
  expect([...catalog.current().profiles.keys()]).toEqual(['a']);
  expect(catalog.current().problems.filter(({ place }) => place.file.includes('.pilotlight'))).toEqual([]);
});

describe('a folder', () => {
  it('that was filled by hand waits for nothing, and has no marker before the first machine is installed', async () => {
    const { marks, dir } = await openSetup(PROFILES);
    await marks.start();
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'install' });
    expect(existsSync(join(dir, 'profiles/.pilotlight'))).toBe(false);
    await marks.installed(byMac(), TARGET);
    const { id } = JSON.parse(readFileSync(join(dir, 'profiles/.pilotlight'), 'utf8')) as { id: string };
    expect(readFileSync(join(dir, 'state/machines/pilotlight.id'), 'utf8')).toContain(id);
  });

  it('from before there were markers gets one at the start', async () => {
    const { reopen, marker } = await installedOnce();
    rmSync(marker);
    const marks = await reopen();
    await marks.start();
    await marks.close();
    expect(existsSync(marker)).toBe(true);
    expect((await reopen()).of(byMac())).toMatchObject({ key: MAC, state: 'installed' });
  });

  it('in which the marker cannot be written takes the report all the same, and says so once', async () => {
    const { marks, dir, log } = await openSetup();
    rmSync(join(dir, 'profiles'), { recursive: true });
    writeFileSync(join(dir, 'profiles'), 'not a folder');
    await marks.installed(byMac(), TARGET);
    await marks.installed(OTHER, TARGET);
    expect(existsSync(join(dir, 'state/machines/52-54-00-55-1c-ee.json'))).toBe(true);
    expect(log.of('warn')).toHaveLength(1);
  });
});
