import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/model/profile.ts';
import { legacyScript } from '../../src/ipxe/legacy-script.ts';
import { COREOS } from '../../src/os/coreos.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, ORIGIN, profileOf } from '../os/sample.ts';

const FULL: Partial<Profile> = {
  version: '310.1.0',
  cloud_config: 'b',
  console: ['tty0', 'ttyS0'],
  coreos_autologin: 'ttyS0',
  root: '/dev/sda1',
  rootfstype: 'btrfs',
  sshkey: 'b',
};

describe('the script of coreos-ipxe-server', () => {
  it('has every option in its place', () => {
    const text = legacyScript({ profile: profileOf(FULL), origin: ORIGIN, sshKey: 'ssh-rsa AAAAB3N...' });
    expectGolden('render/legacy-all.ipxe', text);
    expect(text).toBe(
      [
        '#!ipxe',
        'set coreos-version 310.1.0',
        'set base-url http://10.0.2.2:4777/images/amd64-usr/${coreos-version}',
        'kernel ${base-url}/coreos_production_pxe.vmlinuz rootfstype=btrfs console=tty0 console=ttyS0 ' +
          'cloud-config-url=http://10.0.2.2:4777/configs/b.yml coreos.autologin=ttyS0 sshkey="ssh-rsa AAAAB3N..." root=/dev/sda1',
        'initrd ${base-url}/coreos_production_pxe_image.cpio.gz',
        'boot',
        '',
      ].join('\n'),
    );
  });

  it('has options only where the profile has them', () => {
    const some = profileOf({ version: '1298.6.0', cloud_config: 'a-cloud-config', rootfstype: 'btrfs', sshkey: 'me' });
    expectGolden(
      'render/legacy-some.ipxe',
      legacyScript({ profile: some, origin: ORIGIN, sshKey: 'ssh-rsa AAAA me@home' }),
    );
    expectGolden('render/legacy-none.ipxe', legacyScript({ profile: profileOf({ version: '' }), origin: ORIGIN }));
  });

  it('treats empty values as absent, as coreos-ipxe-server did', () => {
    const empty = { cloud_config: '', root: '', rootfstype: '', coreos_autologin: '' };
    const text = legacyScript({ profile: profileOf(empty), origin: ORIGIN, sshKey: '' });
    expect(text).toBe(legacyScript({ profile: profileOf({}), origin: ORIGIN }));
    expect(text).toContain('vmlinuz\n');
  });

  it('does not write .yml twice', () => {
    const named = legacyScript({ profile: profileOf({ cloud_config: 'b.yml' }), origin: ORIGIN });
    expect(named).toBe(legacyScript({ profile: profileOf({ cloud_config: 'b' }), origin: ORIGIN }));
    expect(named).toContain('/configs/b.yml\n');
  });

  it('puts the keys that coreos-ipxe-server did not know behind', () => {
    const profile = profileOf({ ...FULL, arch: 'arm64', ignition: 'b.ign', kernel_args: ['quiet'] });
    expectGolden('render/legacy-more.ipxe', legacyScript({ profile, origin: ORIGIN }));
  });

  it('says what the portable form says', () => {
    const profile = profileOf({ ...FULL, ignition: 'b.ign', kernel_args: ['quiet', 'net.ifnames=0'] });
    const documents = { cloud_config: `${ORIGIN}/configs/b.yml`, ignition: `${ORIGIN}/configs/b.ign` };
    const { args } = COREOS.plan(inputOf(profile, { documents, sshKey: 'ssh-rsa A b' }));
    const text = legacyScript({ profile, origin: ORIGIN, sshKey: 'ssh-rsa A b' });
    expect(text.split('\n')[3]).toBe(['kernel ${base-url}/coreos_production_pxe.vmlinuz', ...args].join(' '));
  });

  it.each([
    { version: '1\nboot' },
    { version: '${mac}' },
    { console: ['ttyS0 && echo INJECTED'] },
    { root: '/dev/sda1 #' },
    { rootfstype: 'btrfs\\', kernel_args: [] },
    { kernel_args: ['a ; echo INJECTED'] },
    { cloud_config: 'a\r\nb' },
    { coreos_autologin: 'x || y' },
  ] satisfies Partial<Profile>[])('refuses %j', (more) => {
    const render = () => legacyScript({ profile: profileOf(more), origin: ORIGIN });
    expect(render).toThrow(expect.objectContaining({ code: 'broken' }));
  });

  it('refuses a key that would run or end early', () => {
    const render = (sshKey: string) => () => legacyScript({ profile: profileOf({}), origin: ORIGIN, sshKey });
    expect(render('ssh-rsa AAA #1 x')).toThrow('the word "#1"');
    expect(render('ssh-rsa AAA\nssh-rsa BBB')).toThrow('line break');
  });
});
