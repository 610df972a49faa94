import { describe, expect, it } from 'vitest';
import { CUSTOM } from '../../src/systems/custom.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const BASE = { system: 'custom', version: '', kernel: 'custom/vmlinuz' } as const;

describe('a custom kernel', () => {
  it('gets the URLs of its documents, then its own arguments', () => {
    const profile = profileOf({
      ...BASE,
      initrd: ['custom/a.cpio.gz', 'http://mirror.lan/b.img?x=1&y=2'],
      cloud_config: 'a.yml',
      ignition: 'a.ign',
      kernel_args: ['console=ttyS0', 'quiet'],
    });
    expectGolden('systems/custom.txt', planText(inputOf(profile)));
  });

  it('keeps the meaning of the old keys', () => {
    const profile = profileOf({ ...BASE, console: ['tty0'], root: '/dev/vda', rootfstype: 'ext4' });
    expect(CUSTOM.plan(inputOf(profile)).args).toEqual(['rootfstype=ext4', 'console=tty0', 'root=/dev/vda']);
  });

  it('may have no initrd and lies on no shelf of its own', () => {
    expect(CUSTOM.plan(inputOf(profileOf(BASE))).initrds).toEqual([]);
    expect(CUSTOM.shelf(profileOf(BASE))).toBeUndefined();
  });

  it('needs a kernel', () => {
    const { kernel, ...without } = BASE;
    expect(kernel).toBe('custom/vmlinuz');
    expect(refusal(profileOf(without))).toMatch(/^broken profiles\/sample.json kernel: a custom system needs a kernel/);
    expect(refusal(profileOf({ ...BASE, kernel: '' }))).toMatch(/needs a kernel/);
  });

  it('names the initrd that is wrong', () => {
    expect(refusal(profileOf({ ...BASE, initrd: ['ok', '../../etc/shadow'] }))).toMatch(/^broken .* initrd\[1\]: /);
  });

  it('adds nothing to install: that is for the operator to say', () => {
    const live = CUSTOM.plan(inputOf(profileOf(BASE)));
    expect(CUSTOM.plan(installInputOf(profileOf({ ...BASE, install: { disk: '/dev/sda' } })))).toEqual(live);
  });
});
