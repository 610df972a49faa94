import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import { pxelinuxConfig } from '../../src/render/pxelinux-config.ts';
import { UBUNTU } from '../../src/systems/ubuntu.ts';
import { inputOf, ORIGIN, profileOf } from '../systems/sample.ts';

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
});
