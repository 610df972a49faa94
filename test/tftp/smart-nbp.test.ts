import { describe, expect, it } from 'vitest';
import { isIpxeProgram, isIpxeRequest, wantsScriptInsteadOf } from '../../src/tftp/smart-nbp.ts';

const options = (text: string): { name: string; value: string }[] =>
  text.split(' ').map((pair) => ({ name: pair.split('=')[0] ?? '', value: pair.split('=')[1] ?? '' }));
const IPXE = options('blksize=1432 tsize=0');

describe('isIpxeRequest', () => {
  it('knows iPXE by its two options and their order', () => {
    expect(isIpxeRequest(IPXE)).toBe(true);
  });

  it.each([
    'tsize=0 blksize=1432',
    'tsize=0 blksize=1468 windowsize=4',
    'blksize=1468 windowsize=4',
    'blksize=1468 tsize=0',
    'blksize=1432',
    'blksize=1432 tsize=1',
    'blksize=1432 tsize=0 windowsize=4',
    'blksize=1432 timeout=0',
  ])('takes "%s" for firmware', (text) => {
    expect(isIpxeRequest(options(text))).toBe(false);
  });

  it('takes a request without options for firmware', () => {
    expect(isIpxeRequest([])).toBe(false);
  });
});

describe('isIpxeProgram', () => {
  it.each([
    'undionly.kpxe',
    'undionly.kpxe.0',
    'undionly.kkpxe',
    'ipxe.efi',
    'ipxe.pxe',
    'ipxe-x86_64.efi',
    'snponly.efi',
    'snponly-shim.efi',
    'arm64/SNPONLY.EFI',
  ])('knows %s', (name) => {
    expect(isIpxeProgram(name)).toBe(true);
  });

  it.each(['grubx64.efi', 'memtest.efi', 'pxelinux.0', 'boot.ipxe', 'autoexec.ipxe', 'wimboot', 'ipxe.efi.sig'])(
    'leaves %s alone',
    (name) => {
      expect(isIpxeProgram(name)).toBe(false);
    },
  );
});

describe('wantsScriptInsteadOf', () => {
  it('needs both: iPXE that asks, for itself', () => {
    expect(wantsScriptInsteadOf('undionly.kpxe', IPXE)).toBe(true);
    expect(wantsScriptInsteadOf('grubx64.efi', IPXE)).toBe(false);
    expect(wantsScriptInsteadOf('undionly.kpxe', options('tsize=0 blksize=1468 windowsize=4'))).toBe(false);
  });
});
