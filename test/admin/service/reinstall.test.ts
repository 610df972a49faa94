import { describe, expect, it } from 'vitest';
import { cancelReinstall, reinstall, releaseClaim } from '../../../src/admin/service/reinstall.ts';
import { bySerial, byMac, byUuid, claimAs, MAC, openSetup, TARGET, UUID } from '../../machines/marks.ts';
import { contextOf } from '../../support/app-context.ts';

const FILES = {
  'profiles/worker.json': {
    system: 'custom',
    kernel: 'k',
    install: { disk: '/dev/sda' },
    nodes: [
      { name: 'a', mac: MAC },
      { name: 'u', uuid: UUID },
      { name: 's', serial: 'PF0 X1' },
      { name: 'twice', mac: '525400000004' },
    ],
  },
  'profiles/live.json': {
    system: 'custom',
    kernel: 'k',
    nodes: [
      { name: 'l', mac: '525400000003' },
      { name: 'twice', mac: '525400000005' },
    ],
  },
};

const PENDING = { state: 'erase-pending', tries: 0 };

async function open() {
  const { catalog } = await contextOf(FILES);
  const setup = await openSetup();
  return {
    ...setup,
    catalog,
    again: async (machine: string) => await reinstall({ catalog, marks: setup.marks }, machine),
  };
}

describe('a machine is installed again', () => {
  it.each(['a', MAC, '52-54-00-55-1C-EE', '525400551cee'])('as %s', async (machine) => {
    const { again, marks } = await open();
    await marks.installed(byMac(), TARGET);
    expect(await again(machine)).toEqual({ key: MAC, name: 'a' });
    expect(marks.all()).toMatchObject([PENDING]);
  });

  it.each([
    ['u', byUuid(), `uuid:${UUID}`],
    [UUID, byUuid(), `uuid:${UUID}`],
    [`uuid:${UUID}`, byUuid(), `uuid:${UUID}`],
    ['s', bySerial('pf0 x1'), 'serial:PF0 X1'],
    ['serial:pf0 X1', bySerial('pf0 x1'), 'serial:pf0 X1'],
  ])('as %s', async (machine, who, key) => {
    const { again, marks } = await open();
    await marks.installed(who, TARGET);
    expect(await again(machine)).toMatchObject({ key });
    expect(marks.all()).toMatchObject([PENDING]);
  });

  it('by the MAC under which people see it, though its UUID decides', async () => {
    const { again, marks } = await open();
    await marks.installed(byUuid(UUID, '52:54:00:00:00:77'), TARGET);
    expect(await again('52:54:00:00:00:77')).toEqual({ key: '52:54:00:00:00:77' });
    expect(marks.all()).toMatchObject([PENDING]);
  });

  it('when it never was: then it will be', async () => {
    const { again } = await open();
    expect(await again('a')).toEqual({ key: MAC, name: 'a' });
  });

  it('not when its profile no longer installs: it would be a surprise on the day when it does again', async () => {
    const { again, marks } = await open();
    await marks.installed(byMac('52:54:00:00:00:03'), TARGET);
    await expect(again('l')).rejects.toMatchObject({ code: 'conflict' });
    expect(marks.all()).toMatchObject([{ state: 'installed' }]);
  });

  it('by a UUID that no file names: it may wait because it looks like another machine', async () => {
    const { again, marks } = await open();
    const uuid = '11111111-2222-3333-4444-555555555555';
    expect(await again(`uuid:${uuid}`)).toEqual({ key: `uuid:${uuid}` });
    expect(marks.all()).toMatchObject([PENDING]);
  });

  it('or not: that is taken back', async () => {
    const { again, marks, catalog } = await open();
    await marks.installed(byMac(), TARGET);
    await expect(cancelReinstall({ catalog, marks }, 'a')).rejects.toMatchObject({ code: 'conflict' });
    await again('a');
    expect(await cancelReinstall({ catalog, marks }, 'a')).toEqual({ key: MAC, name: 'a' });
    expect(marks.all()).toMatchObject([{ state: 'installed' }]);
  });
});

it('an operator lets go of an installer that left', async () => {
  const { marks, catalog } = await open();
  await expect(releaseClaim({ catalog, marks }, 'a')).rejects.toMatchObject({ code: 'conflict' });
  await claimAs(marks, byMac());
  expect(await releaseClaim({ catalog, marks }, MAC)).toEqual({ key: MAC, name: 'a' });
  expect(marks.all()).toEqual([]);
});

it.each([
  ['nobody', 'not-found'],
  ['', 'not-found'],
  ['twice', 'conflict'],
  ['l', 'conflict'],
  ['52:54:00:00:00:99', 'not-found'],
  ['serial:', 'not-found'],
])('%j cannot be: %s', async (machine, code) => {
  const { again } = await open();
  await expect(again(machine)).rejects.toMatchObject({ code });
});
