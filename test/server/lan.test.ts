import { expect, test } from 'vitest';
import { dhcpDiagnostics } from '../../src/server/lan.ts';

test('requests that were lost are told for an hour', () => {
  const dhcp = { dropped: 12, droppedAt: 1_000 };
  expect(dhcpDiagnostics(dhcp, 1_000 + 3_600_000)).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('12 were lost') as string },
  ]);
  expect(dhcpDiagnostics(dhcp, 1_001 + 3_600_000)).toEqual([]);
  expect(dhcpDiagnostics({ dropped: 0, droppedAt: undefined }, 5)).toEqual([]);
  expect(dhcpDiagnostics(undefined, 5)).toEqual([]);
});
