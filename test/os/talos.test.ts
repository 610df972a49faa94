import { describe, expect, it } from 'vitest';
import { talos } from '../../src/os/talos.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, planText, profileOf, refusal } from './sample.ts';

const BASE = { system: 'talos', version: 'v1.14.2' } as const;

describe('Talos', () => {
  it('fetches its machine configuration', () => {
    const profile = profileOf({ ...BASE, generic: 'worker.yaml', kernel_args: ['talos.halt_if_installed=1'] });
    expectGolden('systems/talos-config.txt', planText(inputOf(profile)));
  });

  it('shows its dashboard on arm64, and has no configuration unless one is named', () => {
    expectGolden('systems/talos-bare-arm64.txt', planText(inputOf(profileOf({ ...BASE, arch: 'arm64' }))));
  });

  it('takes the consoles of the profile instead of its own', () => {
    const { args } = talos.plan(inputOf(profileOf({ ...BASE, console: ['ttyS1'] })));
    expect(args.filter((arg) => arg.startsWith('console='))).toEqual(['console=ttyS1']);
  });

  it.each<[string, readonly string[]]>([
    ['v1.9.6', []],
    ['v1.10.0', ['selinux=1']],
    ['v1.11.5', ['selinux=1']],
    ['v1.12.0', ['selinux=1', 'module.sig_enforce=1']],
    ['v1.13.2', ['selinux=1', 'module.sig_enforce=1', 'proc_mem.force_override=never']],
    ['v2.0.0', ['selinux=1', 'module.sig_enforce=1', 'proc_mem.force_override=never']],
  ])('says to %s what its own images say', (version, expected) => {
    const { args } = talos.plan(inputOf(profileOf({ ...BASE, version })));
    expect(args.filter((arg) => /^(?:selinux|module|proc_mem)/.test(arg))).toEqual(expected);
  });

  it('lets the profile decide: what may only be switched on is not said before', () => {
    const kernel_args = ['selinux=0', 'module.sig_enforce=0'];
    const { args } = talos.plan(inputOf(profileOf({ ...BASE, kernel_args })));
    expect(args.filter((arg) => /^(?:selinux|module)/.test(arg))).toEqual(kernel_args);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, ignition: 'a' }))).toMatch(/ignition: .* \(use "generic"\)/);
    expect(refusal(profileOf({ ...BASE, install: { disk: '/dev/sda' } }))).toMatch(/install: .*machine.install.disk/);
  });
});
