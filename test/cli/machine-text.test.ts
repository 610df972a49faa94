import { describe, expect, test } from 'vitest';
import { hardwareText, machineLines, paintFor, timeText } from '../../src/cli/machine-text.ts';
import type { MachineRow } from '../../src/model/views.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const row: MachineRow = {
  key: '52:54:00:00:00:01',
  mac: '52:54:00:00:00:01',
  name: 'w1',
  state: 'booting',
  lastSeen: NOW - 5000,
  profile: 'workers',
  version: '4593.2.5',
  address: '10.0.0.1',
  product: 'Standard PC\u001b[2J',
  download: { file: 'flatcar/amd64/x/image.gz', received: 50, size: 200 },
  boots: [],
};

test('machines as lines, and what machines say of themselves as plain text', () => {
  expect(machineLines([row, { key: 'serial:7', state: 'unknown', hostname: 'h', boots: [] }], NOW)).toEqual([
    'STATE    NAME  MACHINE            PROFILE  VERSION   SEEN     FETCHES        ADDRESS   HARDWARE',
    'booting  w1    52:54:00:00:00:01  workers  4593.2.5  5 s ago  image.gz 25 %  10.0.0.1  Standard PC?[2J',
    'unknown  h     serial:7                              never',
  ]);
  expect(machineLines([row], NOW, 40)).toEqual(['STATE    NAME  MACHINE', 'booting  w1    52:54:00:00:00:01']);
  expect(machineLines([{ ...row, download: { file: 'f', received: 2048, size: 0 } }], NOW)[1]).toContain('f 2 KiB');
});

describe('colours', () => {
  const write = (): boolean => true;
  const terminal = { write, isTTY: true };

  test('for a terminal', () => {
    expect(paintFor({ stdout: terminal, env: {} }).state('failed')).toBe('\u001b[31mfailed\u001b[0m');
    expect(paintFor({ stdout: terminal, env: { NO_COLOR: '' } }).state('up')).toContain('\u001b');
    expect(paintFor({ stdout: terminal, env: {} }).state('assigned')).toBe('assigned');
  });

  test.each([
    [{ write }, {}],
    [terminal, { NO_COLOR: '1' }],
    [terminal, { TERM: 'dumb' }],
  ])('nowhere else', (stdout, env) => {
    expect(paintFor({ stdout, env }).state('failed')).toBe('failed');
  });
});

test('a time is that of this host', () => {
  expect(timeText(new Date(2026, 1, 3, 4, 5, 6).getTime())).toBe('2026-02-03 04:05:06');
});

test('hardware: what it says, else who made its card', () => {
  expect(hardwareText({ ...row, manufacturer: 'QEMU', product: 'PC', vendor: 'Intel' })).toBe('QEMU PC');
  expect(hardwareText({ key: 'k', state: 'up', boots: [], vendor: 'Intel' })).toBe('Intel');
});
