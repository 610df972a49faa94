import { expect, test } from 'vitest';
import { dhcpDiagnostics, syslogDiagnostics } from '../../src/server/lan.ts';

test('requests that were lost are told for an hour', () => {
  const dhcp = { dropped: 12, droppedAt: 1_000 };
  expect(dhcpDiagnostics(dhcp, 1_000 + 3_600_000)).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('12 were lost') as string },
  ]);
  expect(dhcpDiagnostics(dhcp, 1_001 + 3_600_000)).toEqual([]);
  expect(dhcpDiagnostics({ dropped: 0, droppedAt: undefined }, 5)).toEqual([]);
  expect(dhcpDiagnostics(undefined, 5)).toEqual([]);
});

test('log lines that were lost are a warning for an hour, with who said so much', () => {
  const lost = { dropped: 7, droppedAt: 1_000, droppedFrom: '10.0.0.9', refused: 0, refusedAt: undefined };
  expect(syslogDiagnostics(lost, 1_000 + 3_600_000)).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringContaining('7 were lost since the start, the last from 10.0.0.9') as string,
    },
  ]);
  expect(syslogDiagnostics(lost, 1_001 + 3_600_000)).toEqual([]);
  expect(syslogDiagnostics(undefined)).toEqual([]);
});

test('log connections that were closed are a warning for an hour', () => {
  const closed = { dropped: 0, droppedAt: undefined, droppedFrom: undefined, refused: 3, refusedAt: 1_000 };
  expect(syslogDiagnostics(closed, 1_000 + 3_600_000)).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('3 were closed since the start') as string },
  ]);
  expect(syslogDiagnostics(closed, 1_001 + 3_600_000)).toEqual([]);
});
