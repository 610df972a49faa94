import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { NO_MARKS } from '../../src/machines/claims.ts';
import { openInstallMarks } from '../../src/machines/install-marks.ts';
import { markFileName } from '../../src/machines/mark-file.ts';
import { asking, byMac, bySerial, byUuid, claimAs, MAC, NOON, openSetup, TARGET, UUID } from './marks.ts';

const OTHER_MAC = '52:54:00:00:00:02';

describe('an installation', () => {
  it('counts as a try when the last file is there, once for a claim', async () => {
    const { marks, clock } = await openSetup();
    await claimAs(marks, byMac());
    clock.now += 5000;
    await marks.fetched('10.0.0.8', 'c/initrd');
    await marks.fetched('10.0.0.7', 'c/kernel');
    expect(marks.of(byMac())?.state).toBe('claimed');
    await marks.fetched('10.0.0.7', 'c/initrd');
    await marks.fetched('10.0.0.7', 'c/initrd');
    await marks.begun(byMac());
    expect(marks.of(byMac())).toMatchObject({ state: 'installing', tries: 1, begun: NOON + 5000, since: NOON + 5000 });
    expect(await claimAs(marks, byMac(), '10.0.0.7', clock.now)).toMatchObject({ kind: 'unfinished', attempt: 1 });
    clock.now += 60_000;
    expect(await claimAs(marks, byMac(), '10.0.0.9', clock.now)).toMatchObject({ kind: 'install', attempt: 2 });
    await marks.begun(byMac());
    expect(marks.of(byMac())).toMatchObject({ tries: 2, begun: NOON + 65_000, since: NOON + 65_000 });
  });

  it('of several behind one address begins with the one that has waited longest', async () => {
    const { marks } = await openSetup();
    await claimAs(marks, byMac(MAC), '10.0.0.7', NOON);
    await claimAs(marks, byMac(OTHER_MAC), '10.0.0.7', NOON + 1);
    await marks.fetched('10.0.0.7', 'c/initrd');
    expect([marks.of(byMac())?.state, marks.of(byMac(OTHER_MAC))?.state]).toEqual(['installing', 'claimed']);
  });

  it('does not begin without a claim before it: a person may look at a document', async () => {
    const { marks } = await openSetup();
    await marks.begun(byMac());
    expect(marks.of(byMac())).toBeUndefined();
  });

  it('of which nothing can be seen begins half a minute after its script', async () => {
    const { marks } = await openSetup();
    const blind = { ...asking(byMac()), file: undefined, blind: true };
    await marks.claim(blind);
    expect(marks.of(byMac())).toMatchObject({ state: 'installing', tries: 1, begun: NOON + 30_000 });
    expect(await marks.claim({ ...blind, now: NOON + 10_000 })).toMatchObject({ attempt: 1, again: true });
    expect(await marks.claim({ ...blind, now: NOON + 10_000, asker: { address: 'x' } })).toMatchObject({
      kind: 'claimed',
    });
    expect(await marks.claim({ ...blind, now: NOON + 120_000 })).toMatchObject({ kind: 'install', attempt: 2 });
    expect(marks.of(byMac())).toMatchObject({ tries: 2, begun: NOON + 150_000 });
  });

  it('stops after the last try, and a larger limit lets it go on', async () => {
    const { marks } = await openSetup();
    for (const hour of [0, 1, 2]) {
      const now = NOON + hour * 3_600_000;
      expect(await claimAs(marks, byMac(), '10.0.0.7', now)).toMatchObject({ attempt: hour + 1 });
      await marks.begun(byMac());
    }
    const late = { ...asking(byMac()), now: NOON + 1e9 };
    expect(await marks.claim(late)).toEqual({ kind: 'stopped', tries: 3 });
    expect(await marks.claim({ ...late, limit: 4 })).toMatchObject({ kind: 'install', attempt: 4 });
  });

  it('is over with its report, and nothing that comes later begins it again', async () => {
    const { marks, clock, reopen } = await openSetup();
    await claimAs(marks, byMac());
    await marks.begun(byMac());
    clock.now += 1000;
    await marks.installed(byMac(), TARGET);
    const done = { state: 'installed', since: NOON + 1000, tries: 1, begun: NOON };
    expect(marks.of(byMac())).toMatchObject(done);
    clock.now += 1000;
    await marks.begun(byMac());
    await marks.fetched('10.0.0.7', 'c/initrd');
    await marks.installed(byMac(), TARGET);
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'local' });
    expect(marks.of(byMac())).toMatchObject(done);
    expect(marks.all()).toHaveLength(1);
  });

  it('may be reported by a machine of which nothing was seen', async () => {
    const { marks } = await openSetup();
    await marks.installed(byMac(), TARGET);
    expect(marks.of(byMac())).toMatchObject({ state: 'installed', tries: 0, ...TARGET });
  });

  it('is reported for what left for it, whatever its profile says by now', async () => {
    const { marks } = await openSetup();
    await claimAs(marks, byMac());
    await marks.installed(byMac(), { profile: 'later', disk: '/dev/vda' });
    expect(marks.of(byMac())).toMatchObject(TARGET);
  });
});

describe('a report that cannot be written', () => {
  it('is refused, counts all the same, and is written by its repetition or as soon as it can be', async () => {
    for (const retryMs of [60_000, 5]) {
      const { marks, dir, reopen } = await openSetup({}, retryMs);
      writeFileSync(join(dir, 'state'), 'not a folder');
      await expect(marks.installed(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
      await expect(marks.installed(byMac(), TARGET), 'still not').rejects.toMatchObject({ code: 'unavailable' });
      expect(marks.of(byMac())?.state).toBe('installed');
      rmSync(join(dir, 'state'));
      if (retryMs === 60_000) await marks.installed(byMac(), TARGET);
      await vi.waitFor(async () => {
        expect((await reopen()).of(byMac())).toMatchObject({ state: 'installed' });
      });
    }
  });
});

describe('an operator', () => {
  it('has it installed anew: pending, visible, and ended by no late report', async () => {
    const { marks, reopen } = await openSetup();
    await marks.installed(byMac(), TARGET);
    await marks.reinstall(byMac(), TARGET);
    await marks.installed(byMac(), TARGET);
    expect((await reopen()).of(byMac())).toMatchObject({ state: 'erase-pending', tries: 0 });
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'install', attempt: 1 });
    expect(marks.of(byMac())?.state).toBe('claimed');
  });

  it('takes it back: its own disk stays in charge', async () => {
    const { marks, reopen } = await openSetup();
    await marks.installed(byMac(), TARGET);
    expect(await marks.cancel(byMac())).toBe(false);
    await marks.reinstall(byMac(), TARGET);
    expect(await marks.cancel(byMac())).toBe(true);
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'local' });
  });

  it('hears when it cannot be written, and nothing has changed then', async () => {
    const { marks, dir } = await openSetup();
    await marks.installed(byMac(), TARGET);
    rmSync(join(dir, 'state'), { recursive: true });
    writeFileSync(join(dir, 'state'), 'not a folder');
    await expect(marks.reinstall(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    expect(marks.of(byMac())?.state).toBe('installed');
  });

  it('reaches all marks of a machine, and no other', async () => {
    const { marks } = await openSetup();
    await marks.installed(byMac(), TARGET);
    await marks.installed(byUuid(UUID, MAC), TARGET);
    await marks.installed(byMac(OTHER_MAC), TARGET);
    await marks.reinstall(byMac(), TARGET);
    expect(marks.all().map(({ key, state }) => [key, state])).toEqual(
      expect.arrayContaining([
        [MAC, 'erase-pending'],
        [OTHER_MAC, 'installed'],
      ]),
    );
    expect(marks.of(byUuid(UUID, MAC))?.state).toBe('erase-pending');
  });
});

describe('the files', () => {
  it('outlive a restart', async () => {
    const { marks, dir, reopen } = await openSetup();
    await claimAs(marks, byMac());
    await marks.installed(byUuid(), TARGET);
    await marks.installed(bySerial('PF0 X1'), TARGET);
    const names = readdirSync(join(dir, 'state/machines'))
      .filter((name) => name.endsWith('.json'))
      .sort();
    expect(names).toEqual(['52-54-00-55-1c-ee.json', expect.stringMatching(/^serial-PF0_X1-/), `uuid-${UUID}.json`]);
    const again = await reopen();
    expect(again.all().length).toBe(3);
    for (const who of [byMac(), byUuid(), bySerial('PF0 X1')]) expect(again.of(who)).toEqual(marks.of(who));
  });

  it.each(['', '{ "state": "installing"', '{}', 'null', '{ "format": 3 }'])('%j: the machine waits', async (text) => {
    const { marks, log, reopen } = await openSetup({ 'state/machines/52-54-00-55-1c-ee.json': text });
    expect(log.of('error')).toHaveLength(1);
    expect(await claimAs(marks, byMac())).toMatchObject({
      kind: 'unknown',
      damaged: true,
      why: expect.stringContaining('52-54-00') as string,
    });
    await marks.begun(byMac());
    await marks.reinstall(byMac(), TARGET);
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'install', attempt: 1 });
  });

  it('a report mends a broken one', async () => {
    const { marks, reopen } = await openSetup({ 'state/machines/52-54-00-55-1c-ee.json': 'x' });
    await marks.installed(byMac(), TARGET);
    const mended = (await reopen()).of(byMac());
    expect(mended).toMatchObject({ state: 'installed', ...TARGET });
    expect(mended?.broken).toBeUndefined();
  });

  it('a folder that cannot be read: every machine waits and no report is taken, until it can be read again', async () => {
    const { dir, files, log } = await openSetup();
    mkdirSync(join(dir, 'state'));
    symlinkSync('/etc', join(dir, 'state/machines'));
    const marks = await openInstallMarks(files, log, { retryMs: 5 });
    await marks.start();
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'unknown' });
    await expect(marks.installed(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    expect(marks.trouble()).toContain('state/machines cannot be read');
    expect(marks.all()).toEqual([]);
    rmSync(join(dir, 'state/machines'));
    await vi.waitFor(async () => {
      expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'install' });
    });
    expect(marks.trouble()).toBeUndefined();
    expect(log.of('info').filter(({ message }) => message === 'the marks can be read again')).toMatchObject([
      { fields: { machines: 0 } },
    ]);
    await marks.close();
  });

  it('one go of an operator is one installer, also for a broken file of another name and who asks all the while', async () => {
    const { files, log, dir } = await openSetup();
    const who = { ...byMac(), also: [`uuid:${UUID}`] };
    mkdirSync(join(dir, 'state/machines'), { recursive: true });
    writeFileSync(join(dir, 'state/machines', markFileName(`uuid:${UUID}`)), 'x');
    const marks = await openInstallMarks(files, log);
    const going = marks.reinstall(who, TARGET);
    const asked = await Promise.all(Array.from({ length: 20 }, (_, at) => claimAs(marks, who, `10.0.0.${at}`)));
    await going;
    const later = await Promise.all(Array.from({ length: 20 }, (_, at) => claimAs(marks, who, `10.0.1.${at}`)));
    expect([...asked, ...later].filter(({ kind }) => kind === 'install')).toHaveLength(1);
  });

  it('two servers on one folder: one has the marks, the other installs none and takes no report until that one is gone', async () => {
    const { files, log } = await openSetup();
    const first = await openInstallMarks(files, log, { retryMs: 5 });
    const second = await openInstallMarks(files, log, { retryMs: 5 });
    await first.start();
    await second.start();
    expect(await claimAs(first, byMac())).toMatchObject({ kind: 'install' });
    expect(await claimAs(second, byMac())).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('in use by another server (a server is running already') as string,
    });
    await expect(second.installed(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(second.reinstall(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    await first.installed(byMac(), TARGET);
    await first.close();
    await vi.waitFor(async () => {
      expect(await claimAs(second, byMac())).toMatchObject({ kind: 'local' });
    });
    expect(second.problems()).toEqual([]);
    expect(log.of('error')).toMatchObject([
      {
        message: 'another server has the marks: no machine is installed',
        fields: { holder: expect.stringContaining('a server is running already') as string },
      },
    ]);
    await second.close();
  });

  it('machines without end do not fill the disk: one that reports is told so', async () => {
    const { files, log } = await openSetup();
    const full = await openInstallMarks(files, log, { most: 1 });
    await full.installed(byMac(), TARGET);
    await expect(full.installed(byUuid(), TARGET)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'state/machines holds 1 machines, which is the most',
      remedy: 'remove the files of machines that are gone, and restart',
    });
    expect(await claimAs(full, byUuid())).toMatchObject({ kind: 'unknown' });
    await full.installed(byMac(), TARGET);
    expect(full.all()).toHaveLength(1);
  });
});

it('no marks at all: for a boot service that knows of no installation', () => {
  expect(NO_MARKS.of(byMac())).toBeUndefined();
  expect(NO_MARKS.life(asking(byMac()))).toMatchObject({ kind: 'install', attempt: 1 });
});
