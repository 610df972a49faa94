import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_MARKS, openInstallMarks } from '../../src/machines/install-marks.ts';
import { byMac, bySerial, byUuid, MAC, NOON, openStand, TARGET, UUID } from './marks.ts';

const SEEN = { ...TARGET, blind: false };

describe('an installation', () => {
  it('is nothing while only its script went out: a kernel that did not arrive uses up no try', async () => {
    const { marks, dir } = await openStand();
    await marks.offered(byMac(), SEEN);
    await marks.offered(byMac(), SEEN);
    expect(marks.of(byMac())).toBeUndefined();
    expect(marks.generation()).toBe(0);
    expect(readdirSync(dir)).not.toContain('state');
  });

  it('counts as a try when the machine has what its installer needs, once for a script', async () => {
    const { marks, clock } = await openStand();
    await marks.offered(byMac(), SEEN);
    clock.now += 5000;
    await marks.begun(byMac());
    await marks.begun(byMac());
    const mark = { key: MAC, machine: { mac: MAC }, ...TARGET, state: 'installing', since: NOON + 5000 };
    expect(marks.of(byMac())).toEqual({ ...mark, tries: 1, begun: NOON + 5000 });
    clock.now += 90_000;
    await marks.offered(byMac(), SEEN);
    await marks.begun(byMac());
    expect(marks.of(byMac())).toEqual({ ...mark, tries: 2, begun: NOON + 95_000 });
    expect(marks.generation()).toBe(2);
  });

  it('does not begin without a script before it: a person may look at a document', async () => {
    const { marks } = await openStand();
    await marks.begun(byMac());
    expect(marks.of(byMac())).toBeUndefined();
  });

  it('of which nothing can be seen begins half a minute after its script', async () => {
    const { marks, clock } = await openStand();
    const blind = { ...TARGET, blind: true };
    await marks.offered(byMac(), blind);
    expect(marks.of(byMac())).toMatchObject({ tries: 1, begun: NOON + 30_000 });
    clock.now += 10_000;
    await marks.offered(byMac(), blind);
    expect(marks.of(byMac()), 'the first one never began').toMatchObject({ tries: 1, begun: NOON + 40_000 });
    clock.now += 120_000;
    await marks.offered(byMac(), blind);
    expect(marks.of(byMac())).toMatchObject({ tries: 2, begun: NOON + 160_000 });
  });

  it('of another profile or disk starts with all its tries', async () => {
    const { marks } = await openStand();
    for (const disk of ['/dev/sda', '/dev/sda', '/dev/vda']) {
      await marks.offered(byMac(), { ...SEEN, disk });
      await marks.begun(byMac());
    }
    expect(marks.of(byMac())).toMatchObject({ tries: 1, disk: '/dev/vda' });
  });

  it('is over with its report, and nothing that comes later begins it again', async () => {
    const { marks, clock } = await openStand();
    await marks.offered(byMac(), SEEN);
    await marks.begun(byMac());
    clock.now += 1000;
    await marks.offered(byMac(), SEEN);
    await marks.installed(byMac(), TARGET);
    const done = { state: 'installed', since: NOON + 1000, tries: 1, begun: NOON };
    expect(marks.of(byMac())).toMatchObject(done);
    clock.now += 1000;
    await marks.begun(byMac());
    await marks.offered(byMac(), { ...TARGET, blind: true });
    await marks.offered(byMac(), SEEN);
    await marks.begun(byMac());
    await marks.installed(byMac(), TARGET);
    expect(marks.of(byMac())).toMatchObject(done);
    expect(marks.all()).toHaveLength(1);
  });

  it('may be reported by a machine of which nothing was seen', async () => {
    const { marks } = await openStand();
    await marks.installed(byMac(), TARGET);
    expect(marks.of(byMac())).toMatchObject({ state: 'installed', tries: 0, ...TARGET });
  });
});

describe('the files', () => {
  it('outlive a restart and are for people, too', async () => {
    const { marks, dir, reopen } = await openStand();
    await marks.offered(byMac(), SEEN);
    await marks.begun(byMac());
    await marks.installed(byUuid(), TARGET);
    await marks.installed(bySerial('PF0 X1'), TARGET);
    const names = readdirSync(join(dir, 'state/machines')).sort();
    expect(names).toEqual(['52-54-00-55-1c-ee.json', expect.stringMatching(/^serial-PF0_X1-/), `uuid-${UUID}.json`]);
    expect(JSON.parse(readFileSync(join(dir, 'state/machines', '52-54-00-55-1c-ee.json'), 'utf8'))).toEqual({
      key: MAC,
      machine: { mac: MAC },
      state: 'installing',
      since: '2026-11-21T12:00:00.000Z',
      begun: '2026-11-21T12:00:00.000Z',
      tries: 1,
      profile: 'worker',
      disk: '/dev/sda',
    });
    const again = await reopen();
    expect(again.all().length).toBe(3);
    for (const who of [byMac(), byUuid(), bySerial('PF0 X1')]) expect(again.of(who)).toEqual(marks.of(who));
  });

  it('are gone when an operator asks for a new installation', async () => {
    const { marks, dir, reopen } = await openStand();
    await marks.installed(byMac(), TARGET);
    const before = marks.generation();
    expect(await marks.forget(byMac())).toBe(true);
    expect(marks.generation()).toBeGreaterThan(before);
    expect(marks.of(byMac())).toBeUndefined();
    expect(readdirSync(join(dir, 'state/machines'))).toEqual([]);
    expect((await reopen()).of(byMac())).toBeUndefined();
    expect(await marks.forget(byMac())).toBe(false);
  });

  it.each(['', '{ "state": "installing"', '{}', 'null'])('%j: counts as installed, loudly', async (text) => {
    const { marks, log, reopen } = await openStand({ 'state/machines/52-54-00-55-1c-ee.json': text });
    expect(marks.of(byMac())).toMatchObject({
      state: 'installed',
      broken: expect.stringContaining('52-54-00') as string,
    });
    expect(log.of('error')).toHaveLength(1);
    // Only a report or an operator changes that.
    await marks.offered(byMac(), SEEN);
    await marks.begun(byMac());
    expect(marks.of(byMac())?.state).toBe('installed');
    await marks.forget(byMac());
    expect((await reopen()).of(byMac())).toBeUndefined();
  });

  it('a report mends a broken one', async () => {
    const { marks, reopen } = await openStand({ 'state/machines/52-54-00-55-1c-ee.json': 'x' });
    await marks.installed(byMac(), TARGET);
    const mended = (await reopen()).of(byMac());
    expect(mended).toMatchObject({ state: 'installed', ...TARGET });
    expect(mended?.broken).toBeUndefined();
  });

  it('a folder that cannot be read counts as every machine installed', async () => {
    const { dir, log, reopen } = await openStand();
    mkdirSync(join(dir, 'state'));
    symlinkSync('/etc', join(dir, 'state/machines'));
    const marks = await reopen();
    expect(marks.of(byMac())).toMatchObject({ state: 'installed', key: MAC, broken: expect.any(String) as string });
    expect(log.of('error')).toHaveLength(1);
    await marks.offered(byMac(), SEEN);
    await marks.begun(byMac());
    expect(marks.all()).toEqual([]);
  });

  it('machines without end do not fill the disk: one that reports is told so', async () => {
    const { files, log } = await openStand();
    const full = await openInstallMarks(files, log, { most: 1 });
    await full.installed(byMac(), TARGET);
    await expect(full.installed(byUuid(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    await full.installed(byMac(), TARGET);
    expect(full.all()).toHaveLength(1);
  });
});

it('no marks at all: for a desk that knows of no installation', () => {
  expect([NO_MARKS.generation(), NO_MARKS.of(byMac())]).toEqual([0, undefined]);
});
