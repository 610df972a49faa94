import { describe, expect, it } from 'vitest';
import { reinstall } from '../../src/app/reinstall.ts';
import { bySerial, byMac, byUuid, MAC, openStand, TARGET, UUID } from '../machines/marks.ts';
import { houseOf } from '../support/house.ts';

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

async function open() {
  const { catalog } = await houseOf(FILES);
  const stand = await openStand();
  return { ...stand, again: async (machine: string) => await reinstall({ catalog, marks: stand.marks }, machine) };
}

describe('a machine is installed again', () => {
  it.each(['a', MAC, '52-54-00-55-1C-EE', '525400551cee'])('as %s', async (machine) => {
    const { again, marks } = await open();
    await marks.installed(byMac(), TARGET);
    expect(await again(machine)).toEqual({ key: MAC, name: 'a' });
    expect(marks.all()).toEqual([]);
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
    expect(marks.all()).toEqual([]);
  });

  it('by the MAC under which people see it, though its UUID decides', async () => {
    const { again, marks } = await open();
    await marks.installed(byUuid(UUID, '52:54:00:00:00:77'), TARGET);
    expect(await again('52:54:00:00:00:77')).toEqual({ key: '52:54:00:00:00:77' });
    expect(marks.all()).toEqual([]);
  });

  it('when it never was: then it will be', async () => {
    const { again } = await open();
    expect(await again('a')).toEqual({ key: MAC, name: 'a' });
  });

  it('when its profile no longer installs: the mark goes', async () => {
    const { again, marks } = await open();
    await marks.installed(byMac('52:54:00:00:00:03'), TARGET);
    expect(await again('l')).toMatchObject({ name: 'l' });
    expect(marks.all()).toEqual([]);
  });
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
