import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { parseOrigin } from '../../src/model/origin.ts';
import type { Plan } from '../../src/model/plan.ts';
import { grubScript } from '../../src/ipxe/other-loaders.ts';
import { COREOS } from '../../src/os/coreos.ts';
import { UBUNTU } from '../../src/os/ubuntu.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, must, ORIGIN, profileOf } from '../os/sample.ts';

const PLAN: Plan = { kernel: { kind: 'shelf', path: 'k' }, initrds: [], extras: [], args: [] };

describe('a GRUB configuration', () => {
  it('quotes what ends a GRUB command', () => {
    const profile = profileOf({ system: 'ubuntu', version: '24.04.1', nocloud: 'web' });
    expectGolden('render/ubuntu.grub', grubScript(UBUNTU.plan(inputOf(profile)), ORIGIN, 'Ubuntu Server (web)'));
  });

  it('leaves the key out and says so', () => {
    const plan = COREOS.plan(inputOf(profileOf({ cloud_config: 'a.yml' }), { sshKey: 'ssh-rsa AAA x' }));
    expectGolden('render/coreos.grub', grubScript(plan, ORIGIN, 'CoreOS'));
  });

  it('takes several initrds, and none', () => {
    const initrds: Plan['initrds'] = [
      { kind: 'shelf', path: 'a' },
      { kind: 'url', url: 'tftp://h/b' },
    ];
    expect(grubScript({ ...PLAN, initrds }, ORIGIN, 'x')).toContain(
      "\n  initrd '(http,10.0.2.2:4777)/images/a' '(tftp,h)/b'\n",
    );
    expect(grubScript(PLAN, ORIGIN, 'x')).not.toContain('initrd');
  });

  it('cannot be left by a quote', () => {
    const text = grubScript({ ...PLAN, args: ["x=it's;reboot", '$a'] }, ORIGIN, "t'; reboot");
    expect(text).toContain(String.raw`'x=it'\''s;reboot' '$a'`);
    expect(text).toContain(String.raw`menuentry 't'\''; reboot' {`);
    expect(() => grubScript({ ...PLAN, args: ['a\nreboot'] }, ORIGIN, 'x')).toThrow(Failure);
    expect(() => grubScript(PLAN, ORIGIN, 'a\n}')).toThrow(Failure);
  });

  it('says what GRUB cannot fetch', () => {
    const https = must(parseOrigin('https://boot.lan'));
    expect(() => grubScript(PLAN, https, 'x')).toThrow('GRUB cannot fetch https://boot.lan/images/k');
    const kernel = { kind: 'url', url: 'http://h/k?x=1' } as const;
    expect(() => grubScript({ ...PLAN, kernel }, ORIGIN, 'x')).toThrow(Failure);
  });
});
