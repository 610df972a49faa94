import { describe, expect, it, test } from 'vitest';
import { machineLine, machineTitle } from '../../../src/admin/web/machine-line.ts';
import type { MachineRow } from '../../../src/model/views.ts';

const ROW: MachineRow = { key: '52:54:00:55:1c:ee', mac: '52:54:00:55:1c:ee', state: 'up', boots: [] };

test.each([
  [{ ...ROW, name: 'w1', hostname: 'h' }, 'w1'],
  [{ ...ROW, hostname: 'h' }, 'h'],
  [ROW, ROW.mac],
  [{ key: 'serial:A1', state: 'up', boots: [] }, 'serial:A1'],
])('is called by what people know it by', (row, title) => {
  expect(machineTitle(row)).toBe(title);
});

describe('a row', () => {
  it('does not say the same twice', () => {
    expect(machineLine(ROW, 0).identity).toBeUndefined();
    expect(machineLine({ ...ROW, name: 'w1' }, 0).identity).toBe(ROW.mac);
    expect(machineLine({ key: 'uuid:x', uuid: 'x', state: 'up', boots: [] }, 0).identity).toBe('x');
  });

  it('prefers what the machine says over who made its card', () => {
    expect(machineLine({ ...ROW, manufacturer: 'HPE', vendor: 'Intel' }, 0).maker).toBe('HPE');
    expect(machineLine({ ...ROW, vendor: 'Intel' }, 0).maker).toBe('Intel');
  });

  it('leaves an empty version out', () => {
    expect(machineLine({ ...ROW, profile: 'a b', version: '' }, 0)).toMatchObject({
      version: undefined,
      profile: { name: 'a b', href: '/dashboard/profiles/a%20b' },
    });
  });

  it('tells what is on its way', () => {
    const line = machineLine({ ...ROW, download: { file: 'a/b/initrd.gz', received: 512, size: 2048 } }, 0);
    expect(line.download).toEqual({
      file: 'initrd.gz',
      received: 512,
      size: 2048,
      percent: '25 %',
      text: '512 B of 2.0 KiB',
    });
  });

  it('never tells more than all of it', () => {
    expect(machineLine({ ...ROW, download: { file: 'x', received: 9, size: 0 } }, 0).download).toMatchObject({
      percent: '100 %',
      size: 9,
    });
  });

  it('knows when it was never seen', () => {
    expect(machineLine(ROW, 0).seen).toBeUndefined();
    expect(machineLine({ ...ROW, lastSeen: 0 }, 60_000).seen?.relative).toBe('1 min ago');
  });
});
