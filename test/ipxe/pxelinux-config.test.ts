import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { grubScript } from '../../src/ipxe/other-loaders.ts';
import { pixiecoreAnswer } from '../../src/ipxe/pixiecore.ts';
import { pxelinuxConfig } from '../../src/ipxe/pxelinux-config.ts';
import { UBUNTU } from '../../src/os/ubuntu.ts';
import { inputOf, ORIGIN, profileOf } from '../os/sample.ts';

describe('a pxelinux configuration', () => {
  it('hands the arguments over as they are: APPEND ends at the end of the line, not at a semicolon', () => {
    const plan = UBUNTU.plan(inputOf(profileOf({ system: 'ubuntu', version: '24.04.1', nocloud: 'web' })));
    const lines = pxelinuxConfig(plan, ORIGIN, 'web').split('\n');
    expect(lines.at(-2)).toBe(`  APPEND ${plan.args.join(' ')}`);
    expect(lines.at(-2)).toContain(` ds=nocloud;dsmode=net;s=${ORIGIN}/nocloud/`);
  });

  it('takes several initrds as one list, and none', () => {
    const plan: Plan = { kernel: { kind: 'shelf', path: 'k' }, initrds: [], extras: [], args: [] };
    const initrds: Plan['initrds'] = [
      { kind: 'shelf', path: 'a' },
      { kind: 'url', url: 'http://h/b' },
    ];
    expect(pxelinuxConfig({ ...plan, initrds }, ORIGIN, 'x')).toContain(`\n  INITRD ${ORIGIN}/images/a,http://h/b\n`);
    expect(pxelinuxConfig(plan, ORIGIN, 'x')).not.toMatch(/INITRD|APPEND/);
  });

  it('case 11-wimboot: a file with a name is for iPXE and GRUB only', () => {
    const plan: Plan = {
      kernel: { kind: 'shelf', path: 'winpe/wimboot' },
      initrds: [{ kind: 'shelf', path: 'winpe/BCD', name: 'BCD' }],
      extras: [],
      args: [],
    };
    expect(() => pxelinuxConfig(plan, ORIGIN, 'x')).toThrow(/^pxelinux cannot hand over a file by its name \(BCD\)/);
    expect(() => pixiecoreAnswer(plan, ORIGIN)).toThrow(/^pixiecore cannot/);
    expect(grubScript(plan, ORIGIN, 'x')).toContain("\n  initrd 'newc:BCD:(http,10.0.2.2:4777)/images/winpe/BCD'\n");
  });
});
