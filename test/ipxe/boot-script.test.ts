import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { bootScript } from '../../src/ipxe/boot-script.ts';
import { FLATCAR } from '../../src/os/flatcar.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, ORIGIN, profileOf } from '../os/sample.ts';

const PLAN: Plan = {
  kernel: { kind: 'shelf', path: 'custom/vmlinuz' },
  initrds: [{ kind: 'shelf', path: 'custom/initrd.img' }],
  extras: [{ kind: 'shelf', path: 'custom/rootfs.img' }],
  args: ['console=ttyS0', 'ds=nocloud;dsmode=net;s=http://10.0.2.2:4777/nocloud/x/'],
};

describe('the portable boot script', () => {
  it('boots Flatcar, and asks again where the answer may have changed', () => {
    const profile = profileOf({ system: 'flatcar', version: '4593.2.5', ignition: 'worker.ign', console: ['ttyS0'] });
    const plan = FLATCAR.plan(inputOf(profile, { sshKey: 'ssh-ed25519 AAAA me@home' }));
    const lines = [
      'a-coreos: Flatcar Container Linux 4593.2.5',
      'mac 52:54:00:55:1c:ee is node a-coreos of profiles/a.json',
    ];
    const again = `${ORIGIN}/ipxe?mac=52-54-00-55-1c-ee&platform=efi`;
    expectGolden('render/boot-flatcar.ipxe', bootScript({ plan, origin: ORIGIN, lines, again }));
  });

  it('names several initrds, in order, and loops on itself when there is nobody to ask', () => {
    const initrds: Plan['initrds'] = [
      ...PLAN.initrds,
      { kind: 'url', url: 'http://mirror.lan/b.img?x=1&y=2' },
      { kind: 'shelf', path: 'c d' },
    ];
    expectGolden('render/boot-initrds.ipxe', bootScript({ plan: { ...PLAN, initrds }, origin: ORIGIN, lines: [] }));
  });

  it('needs no initrd', () => {
    const text = bootScript({ plan: { ...PLAN, initrds: [], args: [] }, origin: ORIGIN, lines: [] });
    expect(text).not.toContain('initrd');
    expect(text).toContain(
      'kernel --timeout 30000 --name linux http://10.0.2.2:4777/images/custom/vmlinuz || goto retry\n',
    );
  });

  it('limits every fetch in time and survives the failure of each', () => {
    const text = bootScript({ plan: PLAN, origin: ORIGIN, lines: ['x'], again: `${ORIGIN}/ipxe` });
    const fetches = text.split('\n').filter((line) => /^(kernel|initrd|chain|imgfetch) /.test(line));
    expect(fetches).toHaveLength(3);
    for (const line of fetches) expect(line).toMatch(/ --timeout \d+ .* \|\|( goto retry)?$/);
    expect(text.indexOf('imgfree')).toBeLessThan(text.indexOf('kernel '));
    expect(text.startsWith('#!ipxe\n')).toBe(true);
    expect(text.endsWith('goto fetch\n')).toBe(true);
  });

  it('shows what it is told without running it', () => {
    const text = bootScript({ plan: PLAN, origin: ORIGIN, lines: ['x && echo INJECTED', '${mac}', '# gone\nexit'] });
    expect(text.split('\n').slice(1, 4)).toEqual(["echo x '&&' echo INJECTED", 'echo $ {mac}', "echo '#' gone exit"]);
  });

  it.each(['a && b', 'x\ny', '${mac}', '#', 'a\\'])('never lets the argument %j out', (arg) => {
    const render = () => bootScript({ plan: { ...PLAN, args: [arg] }, origin: ORIGIN, lines: [] });
    expect(render).toThrow(expect.objectContaining({ code: 'broken' }));
  });

  it('never lets a live URL out', () => {
    const kernel = { kind: 'url', url: 'http://x/${mac}' } as const;
    expect(() => bootScript({ plan: { ...PLAN, kernel }, origin: ORIGIN, lines: [] })).toThrow('iPXE expands');
    expect(() => bootScript({ plan: PLAN, origin: ORIGIN, lines: [], again: 'http://x/ && echo' })).toThrow('splits');
  });
});

it('case 11-wimboot: a file with a name is fetched under it, twice said, and is in no initrd=', () => {
  const named: Plan['initrds'] = [
    { kind: 'shelf', path: 'winpe/BCD', name: 'BCD' },
    { kind: 'shelf', path: 'winpe/boot.wim', name: 'boot.wim' },
  ];
  const wim = bootScript({ plan: { ...PLAN, args: [], initrds: named }, origin: ORIGIN, lines: [] });
  expect(wim).toContain(`\nkernel --timeout 30000 --name linux ${ORIGIN}/images/custom/vmlinuz || goto retry\n`);
  expect(wim).toContain(`\ninitrd --timeout 30000 --name BCD ${ORIGIN}/images/winpe/BCD BCD || goto retry\n`);
  expect(wim).toContain(
    `\ninitrd --timeout 30000 --name boot.wim ${ORIGIN}/images/winpe/boot.wim boot.wim || goto retry\n`,
  );
  expect(wim).not.toContain('initrd=');
  const mixed: Plan['initrds'] = [...named.slice(0, 1), ...PLAN.initrds, ...PLAN.initrds];
  const both = bootScript({ plan: { ...PLAN, initrds: mixed }, origin: ORIGIN, lines: [] });
  expect(both).toContain('vmlinuz initrd=main initrd=initrd2 console=ttyS0');
  expect(both.match(/^initrd .*$/gm)?.map((line) => line.split(' ')[4])).toEqual(['BCD', 'main', 'initrd2']);
});
