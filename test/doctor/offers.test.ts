import { describe, expect, it } from 'vitest';
import { offerDiagnostics } from '../../src/doctor/offers.ts';
import type { Offer } from '../../src/dhcp/discover.ts';

const AT = [{ interfaceName: 'eth0', address: '10.0.0.2', mac: '52:54:00:55:1c:ee' }];
const OWN = new Set(['10.0.0.2', 'boot.lab']);
const ROUTER: Offer = {
  interfaceName: 'eth0',
  firmware: 'BIOS',
  server: '10.0.0.1',
  yiaddr: '10.0.0.57',
  nextServer: '0.0.0.0',
  file: '',
  option67: '',
  option43: '',
  vendorClass: '',
};
const EFI = { ...ROUTER, firmware: 'UEFI x86_64' } as const;
const PROXY: Offer = {
  ...ROUTER,
  server: '10.0.0.2',
  yiaddr: '0.0.0.0',
  nextServer: '10.0.0.2',
  file: 'undionly.kpxe',
  option43: '060108ff',
  vendorClass: 'PXEClient',
};
const look = (...offers: Offer[]) => offerDiagnostics(AT, offers, OWN);
const bad = (...offers: Offer[]) =>
  look(...offers)
    .filter(({ severity }) => severity !== 'ok')
    .map(({ severity, message }) => `${severity}: ${message}`);

describe('offers', () => {
  it('are told with everything in them', () => {
    expect(
      look(PROXY, { ...EFI, file: 'snponly.efi', nextServer: '10.0.0.2', option67: 'x' }).map(({ message }) => message),
    ).toEqual([
      'eth0: 10.0.0.2 offers a BIOS machine no address, next-server 10.0.0.2, file undionly.kpxe, option 43 060108ff, option 60 PXEClient',
      'eth0: 10.0.0.1 offers a UEFI x86_64 machine 10.0.0.57, next-server 10.0.0.2, file snponly.efi, option 67 x',
    ]);
  });

  it('of a router beside our proxy are fine', () => {
    expect(bad(ROUTER, PROXY, EFI, { ...PROXY, firmware: 'UEFI x86_64', file: 'snponly.efi' })).toEqual([]);
  });

  it('without a boot file are a problem for each kind of machine, with what to set', () => {
    expect(bad(ROUTER, EFI)).toEqual([
      'error: eth0: no DHCP server tells a BIOS machine where to boot from',
      'error: eth0: no DHCP server tells a UEFI x86_64 machine where to boot from',
    ]);
    expect(look(ROUTER).at(-1)?.remedy).toBe(
      'set PILOTLIGHT_DHCP=proxy, or in the DHCP server next-server 10.0.0.2 and filename undionly.kpxe',
    );
  });

  it('to another boot server are a warning', () => {
    expect(bad({ ...ROUTER, nextServer: '10.0.0.9', file: 'pxelinux.0' })).toEqual([
      'warning: eth0: 10.0.0.1 sends a BIOS machine to 10.0.0.9 for pxelinux.0, not to this host',
    ]);
  });

  it('of a URL at this host are fine, also by its name', () => {
    expect(bad({ ...ROUTER, option67: 'http://boot.lab:4777/boot.ipxe' })).toEqual([]);
    expect(bad({ ...ROUTER, file: 'http://10.0.0.9/boot.ipxe' })).toHaveLength(1);
  });

  it.each([
    ['UEFI x86_64', 'undionly.kpxe'],
    ['UEFI x86_64', 'pxelinux.0'],
    ['BIOS', 'snponly.efi'],
  ] as const)('that give a %s machine %s are a problem', (firmware, file) => {
    expect(bad({ ...PROXY, firmware, file })).toContain(
      `error: eth0: 10.0.0.2 gives a ${firmware} machine ${file}, which it cannot run`,
    );
  });

  it('from two servers that both give addresses are a warning; from none, too', () => {
    const other = { ...ROUTER, server: '10.0.0.3', nextServer: '10.0.0.2', file: 'undionly.kpxe' };
    expect(bad(ROUTER, other)).toEqual(['warning: eth0: 10.0.0.1 and 10.0.0.3 both hand out addresses']);
    expect(bad(PROXY)).toEqual(['warning: eth0: no server offers an address']);
  });

  it('that never came are a warning, on that network alone', () => {
    const two = [...AT, { interfaceName: 'eth1', address: '10.1.0.2', mac: '52:54:00:00:00:01' }];
    const diagnostics = offerDiagnostics(two, [ROUTER, PROXY], OWN);
    expect(diagnostics.map(({ message }) => message)).toContain('eth1: no DHCP server answers');
    expect(diagnostics.map(({ message }) => message)).not.toContain('eth0: no DHCP server answers');
  });
});

describe('where Pilotlight is to be the only DHCP server', () => {
  const served = new Set(['10.0.0.2']);
  const OURS = { ...ROUTER, server: '10.0.0.2', nextServer: '10.0.0.2', file: 'undionly.kpxe' };
  const beside = (offers: readonly Offer[], more = {}) =>
    offerDiagnostics(AT, offers, OWN, { besideOthers: false, served, ...more }).filter(
      ({ severity }) => severity !== 'ok',
    );

  it('its own offers are fine, and need no router', () => {
    expect(beside([OURS, { ...OURS, firmware: 'UEFI x86_64', file: 'snponly.efi' }])).toEqual([]);
  });

  it('another server that hands out addresses keeps it from starting; no remedy speaks of a router’s next-server', () => {
    expect(beside([OURS, ROUTER, EFI])).toEqual([
      {
        about: 'dhcp',
        severity: 'error',
        message: 'eth0: 10.0.0.1 hands out addresses, too: this host’s DHCP server does not start beside it',
        remedy:
          'switch that one off; or set PILOTLIGHT_DHCP=proxy, which needs it; or PILOTLIGHT_DHCP_BESIDE_OTHERS=on',
      },
    ]);
    expect(beside([OURS, ROUTER], { besideOthers: true })).toMatchObject([{ severity: 'warning' }]);
  });

  it('its silence is a warning that says to start it', () => {
    expect(beside([])).toMatchObject([
      {
        message: 'eth0: this host’s DHCP server does not answer',
        remedy: expect.stringContaining('pilotlight serve') as string,
      },
    ]);
  });

  it('the other networks of this host are not judged', () => {
    expect(beside([ROUTER], { served: new Set() })).toEqual([]);
  });
});
