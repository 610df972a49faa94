import { expect, it } from 'vitest';
import { rightsOf } from '../../src/doctor/rights.ts';

const rights = async (status: string | undefined, start?: string) =>
  await rightsOf({
    read: async (path) => (path === '/proc/self/status' ? status : start),
    list: async () => [],
    link: async () => undefined,
  });

it.each([
  ['root', 'Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\n', true],
  ['a service with the ambient capability', 'CapEff:\t0000000000000400\n', true],
  ['a user', 'CapPrm:\t0000000000000400\nCapEff:\t0000000000000000\n', false],
  ['a neighbour bit', 'CapEff:\t0000000000000a00\n', false],
  ['no /proc', undefined, false],
])('%s', async (_who, status, bindService) => {
  expect((await rights(status)).bindService).toBe(bindService);
});

it.each([
  ['80\n', 80],
  ['0\n', 0],
  [undefined, 1024],
  ['x', 1024],
])('ports from %j on are everybody’s: %d', async (text, firstFreePort) => {
  expect((await rights(undefined, text)).firstFreePort).toBe(firstFreePort);
});
