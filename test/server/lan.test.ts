import { expect, it, test } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import type { NetbootMachine } from '../../src/dhcp/machine.ts';
import { createNetbootPolicy, dhcpTroubles } from '../../src/server/lan.ts';
import { byUuid, openStand, UUID } from '../machines/marks.ts';
import { houseOf, originOf } from '../support/house.ts';

test('requests that were lost are told for an hour', () => {
  const dhcp = { dropped: 12, droppedAt: 1_000 };
  expect(dhcpTroubles({ dhcp }, 1_000 + 3_600_000)).toMatchObject([
    { severity: 'warning', what: expect.stringContaining('12 were lost') as string },
  ]);
  expect(dhcpTroubles({ dhcp }, 1_001 + 3_600_000)).toEqual([]);
  expect(dhcpTroubles({ dhcp: { dropped: 0, droppedAt: undefined } }, 5)).toEqual([]);
  expect(dhcpTroubles({ dhcp: undefined }, 5)).toEqual([]);
});

const BIOS = { platform: 'pcbios', arch: 'x86_64', http: false } as const;
const EFI = { platform: 'efi', arch: 'x86_64', http: false } as const;

function machine(more: Partial<NetbootMachine> = {}): NetbootMachine {
  return { mac: '52:54:00:55:1c:ee', uuid: undefined, vendorClass: 'PXEClient', target: BIOS, ipxe: false, ...more };
}

async function policy(localBoot: 'silent' | 'answer' = 'silent') {
  const { bootService } = await houseOf({
    'profiles/d.json': { boot: 'local', nodes: [{ name: 'd', mac: '525400000001' }] },
  });
  return createNetbootPolicy({
    bootService,
    settings: { localBoot },
    has: (program) => program.name !== 'snponly-arm64.efi',
    originAt: (server) => originOf(`${server}:4777`),
  });
}

it.each([
  [{}, { file: 'undionly.kpxe' }],
  [{ target: EFI }, { file: 'snponly.efi' }],
  [{ target: { ...EFI, http: true }, vendorClass: 'HTTPClient' }, { file: 'http://10.0.0.1:4777/firmware/ipxe.efi' }],
  [{ ipxe: true }, { file: 'http://10.0.0.1:4777/boot.ipxe' }],
  [{ ipxe: true, target: EFI }, { file: 'http://10.0.0.1:4777/boot.ipxe' }],
  [{ target: { ...EFI, arch: 'arm64' } }, { silence: 'no boot program for UEFI arm64' }],
  [{ mac: '52:54:00:00:00:01' }, { silence: 'it boots its own disk' }],
] as const)('%j', async (more, choice) => {
  expect((await policy())(machine(more as Partial<NetbootMachine>), '10.0.0.1')).toEqual(choice);
});

it('a setting lets machines that boot their disk be answered', async () => {
  expect((await policy('answer'))(machine({ mac: '52:54:00:00:00:01' }), '10.0.0.1')).toEqual({
    file: 'undionly.kpxe',
  });
});

it('a machine that is installed is left to its disk, from the moment of its report on', async () => {
  const { catalog, shelf } = await houseOf({
    'profiles/w.json': {
      system: 'custom',
      kernel: 'k',
      install: { disk: '/dev/sda' },
      nodes: [{ name: 'w', uuid: UUID }],
    },
  });
  const { marks } = await openStand();
  const bootService = createBootService({ catalog, shelf, marks });
  const choose = createNetbootPolicy({
    bootService,
    settings: { localBoot: 'silent' },
    has: () => true,
    originAt: (server) => originOf(server),
  });
  const asks = machine({ uuid: UUID });
  expect(choose(asks, '10.0.0.1')).toEqual({ file: 'undionly.kpxe' });
  await marks.installed(byUuid(), { profile: 'w', disk: '/dev/sda' });
  expect(choose(asks, '10.0.0.1')).toEqual({ silence: 'it boots its own disk' });
  expect(choose(machine({ mac: '52:54:00:00:00:02', uuid: UUID }), '10.0.0.1')).toEqual({
    silence: 'it boots its own disk',
  });
});
