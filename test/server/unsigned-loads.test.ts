import { expect, it, vi } from 'vitest';
import { parseMac } from '../../src/model/machine.ts';
import { createUnsignedLoads, type UnsignedLoads } from '../../src/server/unsigned-loads.ts';

const AT = '192.168.122.7';
const CARD = parseMac('52:54:00:55:1c:ee');
const macOf = async (address: string) => (address === AT ? CARD : undefined);
const done = (file: string, client = AT) => ({ client, end: 'done', file }) as const;
const get = (path: string, kind: 'firmware' | 'grub' | 'script' = 'firmware', method = 'GET') =>
  ({ from: `::ffff:${AT}`, kind, method, path, status: 200 }) as const;
const said = (loads: UnsignedLoads): readonly string[] => loads.diagnostics().map(({ message }) => message);

it('a machine that loads iPXE three times and never comes for its script may have Secure Boot on', () => {
  const loads = createUnsignedLoads(macOf);
  loads.transferred(done('snponly.efi'));
  loads.transferred({ ...done('snponly.efi'), end: 'aborted' });
  loads.answered(get('/firmware/ipxe.efi', 'firmware', 'HEAD'));
  loads.answered(get('/firmware/ipxe.efi'));
  expect(said(loads)).toEqual([]);
  loads.transferred(done('/snponly-arm64.efi', `::ffff:${AT}`));
  expect(said(loads)).toEqual([`the machine at ${AT} loaded iPXE 3 times and never came for its script`]);
  expect(loads.diagnostics()[0]?.remedy).toContain('"secure_boot": true');
});

it.each([
  [
    'its script',
    (loads: UnsignedLoads) => {
      loads.answered(get('/ipxe', 'script'));
    },
  ],
  [
    'autoexec.ipxe by TFTP',
    (loads: UnsignedLoads) => {
      loads.transferred(done('autoexec.ipxe'));
    },
  ],
  [
    'autoexec.ipxe by HTTP',
    (loads: UnsignedLoads) => {
      loads.answered(get('/firmware/autoexec.ipxe'));
    },
  ],
  [
    'GRUB',
    (loads: UnsignedLoads) => {
      loads.answered(get('/grub/grub.cfg', 'grub'));
    },
  ],
  [
    'a shim',
    (loads: UnsignedLoads) => {
      loads.transferred(done('shimx64.efi'));
    },
  ],
])('one that came for %s runs what it loads', (_, comes) => {
  const loads = createUnsignedLoads(macOf);
  for (let i = 0; i < 3; i += 1) loads.transferred(done('snponly.efi'));
  expect(said(loads)).toHaveLength(1);
  comes(loads);
  expect(said(loads)).toEqual([]);
});

it('signed programs and BIOS machines are no sign of it, and no more than a few thousand machines are remembered', () => {
  const loads = createUnsignedLoads(macOf);
  for (let i = 0; i < 4; i += 1) {
    loads.transferred(done('x86_64-sb/snponly.efi'));
    loads.transferred(done('undionly.kpxe', '10.0.0.2'));
  }
  expect(said(loads)).toEqual([]);
  for (let i = 0; i < 5000; i += 1) {
    for (let n = 0; n < 3; n += 1) loads.transferred(done('snponly.efi', `10.1.${i >> 8}.${i & 255}`));
  }
  expect(said(loads)).toHaveLength(5);
});

it('is told for the page of the machine whose card has that address, until it comes for its script', async () => {
  if (CARD === undefined) expect.fail();
  const loads = createUnsignedLoads(macOf);
  loads.transferred(done('snponly.efi'));
  loads.transferred(done('snponly.efi'));
  expect(loads.of(CARD)).toBeUndefined();
  loads.transferred(done('snponly.efi'));
  await vi.waitFor(() => {
    expect(loads.of(CARD)?.message).toBe('it loaded iPXE 3 times and never came for its script');
  });
  loads.answered(get('/ipxe', 'script'));
  expect(loads.of(CARD)).toBeUndefined();
});

it('an address whose card the kernel does not know is on Health alone', async () => {
  if (CARD === undefined) expect.fail();
  for (const lost of [async () => undefined, async () => Promise.reject(new Error('gone'))]) {
    const loads = createUnsignedLoads(lost);
    for (let i = 0; i < 3; i += 1) loads.transferred(done('snponly.efi'));
    await new Promise(setImmediate);
    expect(loads.of(CARD)).toBeUndefined();
    expect(said(loads)).toHaveLength(1);
  }
});
