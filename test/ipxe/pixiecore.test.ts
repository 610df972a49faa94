import { describe, expect, it } from 'vitest';
import { pixiecoreAnswer } from '../../src/ipxe/pixiecore.ts';
import { FLATCAR } from '../../src/os/flatcar.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, ORIGIN, profileOf } from '../os/sample.ts';

describe("pixiecore's answer", () => {
  it('has the plan as URLs and one line', () => {
    const profile = profileOf({ system: 'flatcar', version: '4593.2.5', ignition: 'worker.ign', console: ['ttyS0'] });
    const answer = pixiecoreAnswer(FLATCAR.plan(inputOf(profile, { sshKey: 'ssh-rsa A b' })), ORIGIN);
    expectGolden('render/pixiecore.json', `${JSON.stringify(answer, undefined, 2)}\n`);
    expect(answer.cmdline).not.toContain('initrd=');
  });

  it('has an empty list and an empty line where there is nothing', () => {
    const plan = { kernel: { kind: 'shelf', path: 'k' }, initrds: [], extras: [], args: [] } as const;
    expect(pixiecoreAnswer(plan, ORIGIN)).toEqual({ kernel: `${ORIGIN}/images/k`, initrd: [], cmdline: '' });
  });
});
