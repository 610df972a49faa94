import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { asking, byMac, bySerial, byUuid, claimAs, MAC, openSetup, TARGET, UUID } from './marks.ts';

const OTHER_MAC = '52:54:00:00:00:02';
const OTHER_UUID = '11111111-2222-3333-4444-555555555555';

describe('a claim', () => {
  it('is on the disk before the installer leaves, and says who has it', async () => {
    const { marks, dir, reopen } = await openSetup();
    expect(await claimAs(marks, byMac(MAC, UUID))).toEqual({ kind: 'install', target: TARGET, attempt: 1, limit: 3 });
    const file = join(dir, 'state/machines/52-54-00-55-1c-ee.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      format: 2,
      key: MAC,
      machine: { mac: MAC, uuid: UUID },
      state: 'claimed',
      since: '2026-11-21T12:00:00.000Z',
      tries: 0,
      claim: { address: '10.0.0.7', mac: MAC, at: '2026-11-21T12:00:00.000Z', file: 'c/initrd' },
      profile: 'worker',
      disk: '/dev/sda',
    });
    expect((await reopen()).of(byMac())).toEqual(marks.of(byMac()));
  });

  it('gives the same installer again to who has it, without a write, also after a restart', async () => {
    const { marks, dir, reopen } = await openSetup();
    await claimAs(marks, byMac());
    const before = marks.of(byMac());
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'install', attempt: 1, again: true });
    expect(marks.of(byMac())).toBe(before);
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'install', again: true });
    expect(readdirSync(join(dir, 'state/machines'))).toEqual(['52-54-00-55-1c-ee.json']);
  });

  it('makes another address and another network card wait', async () => {
    const { marks } = await openSetup();
    await claimAs(marks, byUuid(UUID, MAC));
    expect(await claimAs(marks, byUuid(UUID, MAC), '10.0.0.8')).toMatchObject({
      kind: 'claimed',
      claim: { address: '10.0.0.7', mac: MAC },
    });
    expect(await claimAs(marks, byUuid(UUID, OTHER_MAC))).toMatchObject({ kind: 'claimed' });
    expect(await claimAs(marks, byUuid(UUID, MAC))).toMatchObject({ kind: 'install', again: true });
  });

  it('is one of two that come at the same moment', async () => {
    const { marks } = await openSetup();
    const [one, two, three] = await Promise.all([
      claimAs(marks, byMac(MAC, UUID), '10.0.0.7'),
      claimAs(marks, byMac(MAC, UUID), '10.0.0.8'),
      claimAs(marks, byMac(OTHER_MAC, UUID), '10.0.0.9'),
    ]);
    expect([one.kind, two.kind, three.kind]).toEqual(['install', 'claimed', 'alike']);
  });

  it('is let go of by an operator, and then somebody else may have it', async () => {
    const { marks, reopen } = await openSetup();
    expect(await marks.release(byMac())).toBe(false);
    await claimAs(marks, byMac());
    expect(await marks.release(byMac())).toBe(true);
    expect(await claimAs(await reopen(), byMac(), '10.0.0.8')).toMatchObject({ kind: 'install', attempt: 1 });
  });

  it('that cannot be written is no installer, and leaves no trace', async () => {
    const { marks, dir, log } = await openSetup();
    writeFileSync(join(dir, 'state'), 'not a folder');
    for (const from of ['10.0.0.7', '10.0.0.7']) {
      expect(await claimAs(marks, byMac(), from)).toMatchObject({
        kind: 'unknown',
        why: expect.stringContaining('state/machines') as string,
      });
    }
    expect(marks.all()).toEqual([]);
    expect(marks.trouble()).toContain('state/machines cannot be written');
    expect(log.of('error')).toHaveLength(1);
    rmSync(join(dir, 'state'));
    await marks.start();
    expect(marks.trouble()).toBeUndefined();
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'install', attempt: 1 });
  });

  it('of another profile or disk is another one, with all tries', async () => {
    const { marks } = await openSetup();
    await claimAs(marks, byMac());
    await marks.begun(byMac());
    const other = { ...asking(byMac()), target: { ...TARGET, disk: '/dev/vda' } };
    expect(await marks.claim(other)).toMatchObject({ kind: 'install', attempt: 1 });
    expect(marks.of(byMac())).toMatchObject({ state: 'claimed', tries: 0, disk: '/dev/vda' });
  });
});

describe('a machine that looks like another one', () => {
  it('waits: another network card of an installed machine, also one that was only seen in it', async () => {
    const { marks } = await openSetup();
    await marks.installed(byMac(MAC, UUID), TARGET);
    const second = byMac(OTHER_MAC, UUID);
    expect(await claimAs(marks, second)).toMatchObject({ kind: 'alike', by: 'uuid', mark: { key: MAC } });
    marks.saw(second, false);
    await vi.waitFor(() => {
      expect(marks.of(byMac())?.macs).toEqual([OTHER_MAC]);
    });
    expect(await claimAs(marks, byMac(OTHER_MAC)), 'it says less now').toMatchObject({ kind: 'alike', by: 'mac' });
  });

  it('waits: the network card of an installed machine in front of another', async () => {
    const { marks } = await openSetup();
    await claimAs(marks, byMac(MAC, UUID));
    expect(await claimAs(marks, byMac(MAC, OTHER_UUID))).toMatchObject({ kind: 'alike', by: 'nic' });
    await marks.installed(byMac(MAC, UUID), TARGET);
    await marks.reinstall(byMac(MAC), TARGET);
    expect(await claimAs(marks, byMac(MAC, OTHER_UUID)), 'not even then').toMatchObject({ kind: 'alike', by: 'nic' });
  });

  it('waits: what a profile names and only was seen, as long as a profile names it', async () => {
    const { marks, reopen } = await openSetup();
    marks.saw(byMac(MAC, UUID), true);
    await vi.waitFor(async () => {
      expect((await reopen()).of(byMac())).toMatchObject({ state: 'seen' });
    });
    const question = asking(byMac(OTHER_MAC, UUID));
    expect(await marks.claim({ ...question, listed: () => true })).toMatchObject({ kind: 'alike', by: 'uuid' });
    expect(await marks.claim({ ...question, listed: () => false })).toMatchObject({ kind: 'install' });
  });

  it('is installed when an operator says so by its name', async () => {
    const { marks } = await openSetup();
    await marks.installed(byMac(MAC, UUID), TARGET);
    await marks.reinstall(byMac(OTHER_MAC), TARGET);
    expect(await claimAs(marks, byMac(OTHER_MAC, UUID))).toMatchObject({ kind: 'install' });
    await marks.reinstall(byUuid(OTHER_UUID), TARGET);
    expect(await claimAs(marks, byMac(MAC, OTHER_UUID))).toMatchObject({ kind: 'install' });
    await marks.installed(byMac(MAC, OTHER_UUID), TARGET);
    expect(await claimAs(marks, byMac(MAC, OTHER_UUID))).toMatchObject({ kind: 'local' });
    expect(await claimAs(marks, byMac(MAC, UUID))).toMatchObject({ kind: 'local' });
  });

  it('is itself where only a serial number is the same and the UUIDs are not', async () => {
    const { marks } = await openSetup();
    const serial = bySerial('S1').machine;
    await marks.installed({ ...byMac(MAC, UUID), machine: { ...byMac(MAC, UUID).machine, ...serial } }, TARGET);
    const other = byMac(OTHER_MAC, OTHER_UUID);
    expect(await claimAs(marks, { ...other, machine: { ...other.machine, ...serial } })).toMatchObject({
      kind: 'install',
    });
    const less = byMac('52:54:00:00:00:03');
    expect(await claimAs(marks, { ...less, machine: { ...less.machine, ...serial } })).toMatchObject({
      kind: 'alike',
      by: 'serial',
    });
  });

  it('is forgotten by cards that have no end', async () => {
    const { marks } = await openSetup();
    await marks.installed(byUuid(), TARGET);
    for (let i = 0; i < 20; i += 1) {
      marks.saw(byUuid(UUID, `52:54:00:00:01:${i.toString(16).padStart(2, '0')}`), true);
      await vi.waitFor(() => {
        expect(marks.of(byUuid())?.macs).toHaveLength(Math.min(i + 1, 16));
      });
      await marks.begun(byUuid());
    }
  });
});

describe('a report that is refused', () => {
  const REPORT = { at: 1, address: '10.0.0.9' };

  it('makes a machine wait whose installer left, also after a restart, until an operator or a report that counts', async () => {
    const { marks, dir, reopen } = await openSetup();
    await claimAs(marks, byMac());
    await marks.refused(byMac(), REPORT);
    await marks.refused(byMac(), { at: 2, address: '10.0.0.10' });
    const file = join(dir, 'state/machines/52-54-00-55-1c-ee.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 3, refused: { address: '10.0.0.9' } });
    for (const each of [marks, await reopen()]) {
      expect(await claimAs(each, byMac())).toEqual({ kind: 'refused', report: REPORT });
    }
    await marks.installed(byMac(), TARGET);
    expect(marks.of(byMac())).toMatchObject({ state: 'installed' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 2, state: 'installed' });
  });

  it('is nothing to a machine that is installed, unknown, or to be installed anew', async () => {
    const { marks } = await openSetup();
    await marks.refused(byMac(), REPORT);
    expect(marks.all()).toEqual([]);
    await marks.installed(byMac(), TARGET);
    await marks.refused(byMac(), REPORT);
    await marks.reinstall(byMac(), TARGET);
    await marks.refused(byMac(), REPORT);
    expect(await claimAs(marks, byMac())).toMatchObject({ kind: 'install' });
  });
});

describe('the tokens of an installation', () => {
  const carrying = { ...asking(byMac()), carries: true };

  it('are of one installation over all its tries, on its disk, and until the next one', async () => {
    const { marks, clock, reopen } = await openSetup();
    const first = clock.now;
    expect(await marks.claim(carrying)).toMatchObject({ kind: 'install', tokens: first });
    await marks.begun(byMac());
    clock.now += 61_000;
    expect(await marks.claim({ ...carrying, now: clock.now, carries: false })).toMatchObject({
      attempt: 2,
      tokens: first,
    });
    await marks.installed(byMac(), TARGET);
    expect((await reopen()).of(byMac())).toMatchObject({ state: 'installed', tokens: first });
    await marks.reinstall(byMac(), TARGET);
    expect(marks.of(byMac())?.tokens).toBe(first);
    clock.now += 1;
    expect(await marks.claim({ ...carrying, now: clock.now })).toMatchObject({ attempt: 1, tokens: clock.now });
  });

  it('are none where the first installer left without one', async () => {
    const { marks, clock } = await openSetup();
    await claimAs(marks, byMac());
    clock.now += 1000;
    expect(await marks.claim({ ...carrying, now: clock.now })).not.toHaveProperty('tokens');
    expect(marks.of(byMac())?.tokens).toBeUndefined();
  });
});
