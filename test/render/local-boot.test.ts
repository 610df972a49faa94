import { describe, expect, it } from 'vitest';
import { localBootScript } from '../../src/render/local-boot.ts';
import { expectGolden } from '../support/golden.ts';

describe('handing a machine to its disk', () => {
  it.each(['efi', 'pcbios', undefined] as const)('by itself on %s', (platform) => {
    expectGolden(`render/local-auto-${platform ?? 'unknown'}.ipxe`, localBootScript('auto', platform) ?? '');
  });

  it.each(['exit', 'exit0', 'sanboot', 'poweroff'] as const)('by %s on any platform', (method) => {
    const text = localBootScript(method, 'efi') ?? '';
    expectGolden(`render/local-${method}.ipxe`, text);
    expect(localBootScript(method, 'pcbios')).toBe(text);
  });

  it('by a 404, which is no script', () => {
    expect(localBootScript('http-404', 'efi')).toBeUndefined();
  });

  it('never ends an EFI machine in its setup menu unless told to', () => {
    expect(localBootScript('auto', 'efi')).toContain('\nexit 1\n');
    expect(localBootScript('auto', undefined)).toContain('efi && exit 1 ||');
  });

  it('guards the word that iPXE of 2019 lacks', () => {
    expect(localBootScript('poweroff', 'efi')).toMatch(/^poweroff \|\| goto stay$/m);
  });
});
