import { expect, test } from 'vitest';
import { wrongArch } from '../../src/boot/wrong-arch.ts';
import type { MachineArch } from '../../src/model/facts.ts';
import type { Profile } from '../../src/model/profile.ts';
import { profileOf } from '../os/sample.ts';

function judged(arch: MachineArch | undefined, more: Partial<Profile>): string | undefined {
  return wrongArch({ profile: profileOf(more), by: 'default' }, arch === undefined ? {} : { arch });
}

test('case 13-wrong-arch: which machine runs which kernel', () => {
  const amd64 = { system: 'ubuntu', arch: 'amd64' } as const;
  const arm64 = { system: 'ubuntu', arch: 'arm64' } as const;
  expect(judged('arm64', amd64)).toBe('this machine is arm64, profiles/sample.json boots amd64');
  expect(judged('arm32', amd64)).toContain('is arm32');
  expect(judged('x86_64', arm64)).toBe('this machine is x86_64, profiles/sample.json boots arm64');
  expect(judged('i386', arm64)).toContain('is i386');
  expect(judged('arm32', arm64)).toContain('is arm32');
  for (const [arch, profile] of [
    ['x86_64', amd64],
    ['i386', amd64], // what a BIOS iPXE says on any processor
    ['arm64', arm64],
    [undefined, amd64],
    [undefined, arm64],
  ] as const) {
    expect(judged(arch, profile)).toBeUndefined();
  }
});

test('the kernel of a custom profile is for what the profile says, if it says it', () => {
  expect(judged('arm64', { system: 'custom', arch: 'amd64', raw: {} })).toBeUndefined();
  expect(judged('arm64', { system: 'custom', arch: 'amd64', raw: { arch: 'amd64' } })).toContain('boots amd64');
});
