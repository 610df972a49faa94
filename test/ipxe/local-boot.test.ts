import { describe, expect, it } from 'vitest';
import { localBootCommands, localBootScript } from '../../src/ipxe/local-boot.ts';
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

describe('an installed machine', () => {
  const LINES = ['a-worker: Debian 12.11.0', 'installed since 2026-11-21 (`pilotlight reinstall a-worker`)'];

  it.each(['efi', 'pcbios', undefined] as const)('is told why, on %s', (platform) => {
    const text = localBootScript('auto', platform, LINES) ?? '';
    expectGolden(`render/local-installed-${platform ?? 'unknown'}.ipxe`, text);
  });

  it('by a 404 is told nothing', () => {
    expect(localBootScript('http-404', 'efi', LINES)).toBeUndefined();
  });

  it('hears nothing that would run', () => {
    expect(localBootScript('auto', 'efi', ['x && echo INJECTED'])).toContain("echo x '&&' echo INJECTED\n");
  });
});

it('the commands alone, for scripts that do more', () => {
  expect(localBootCommands('exit', 'efi')).toEqual(['echo Leaving iPXE for the next boot device', 'exit 1']);
});
