import { describe, expect, it } from 'vitest';
import {
  againUrl,
  bootScript,
  GROWING_PAUSE,
  KEEP_PAUSE,
  legacyScript,
  liveText,
  RESET_PAUSE,
  script,
  startScript,
} from '../../src/ipxe/boot-script.ts';
import { parseLabel, parseMac, parseUuid } from '../../src/model/machine.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { BuiltProfile } from '../../src/model/profile.ts';
import { coreos } from '../../src/os/coreos.ts';
import { flatcar } from '../../src/os/flatcar.ts';
import { inputOf, must, ORIGIN, profileOf } from '../os/sample.ts';
import { expectGolden } from '../support/golden.ts';

const FULL: Partial<BuiltProfile> = {
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
    const { args } = coreos.plan(inputOf(profile, { documents, sshKey: 'ssh-rsa A b' }));
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
  ] satisfies Partial<BuiltProfile>[])('refuses %j', (more) => {
    const render = () => legacyScript({ profile: profileOf(more), origin: ORIGIN });
    expect(render).toThrow(expect.objectContaining({ code: 'broken' }));
  });

  it('refuses a key that would run or end early', () => {
    const render = (sshKey: string) => () => legacyScript({ profile: profileOf({}), origin: ORIGIN, sshKey });
    expect(render('ssh-rsa AAA #1 x')).toThrow('the word "#1"');
    expect(render('ssh-rsa AAA\nssh-rsa BBB')).toThrow('line break');
  });
});

describe('againUrl', () => {
  it('repeats every fact in the order of the start script', () => {
    const url = againUrl(ORIGIN, {
      mac: must(parseMac('52:54:00:55:1C:EE')),
      uuid: must(parseUuid('6f1d0f4e-1111-2222-3333-444455556666')),
      serial: must(parseLabel('S/N 1+1=2 (50%)')),
      hostname: must(parseLabel('a.lan')),
      asset: must(parseLabel('A&B')),
      manufacturer: must(parseLabel('QEMU')),
      product: must(parseLabel('Standard PC')),
      arch: 'x86_64',
      platform: 'efi',
    });
    expect(url).toBe(
      'http://10.0.2.2:4777/ipxe?mac=52-54-00-55-1c-ee&uuid=6f1d0f4e-1111-2222-3333-444455556666&platform=efi&arch=x86_64' +
        '&serial=S%2FN%201%2B1%3D2%20(50%25)&hostname=a.lan&asset=A_B&manufacturer=QEMU&product=Standard%20PC',
    );
    expect(liveText(url)).toBeUndefined();
  });

  it('carries what was chosen at the screen before the free text, which iPXE of 2019 may cut', () => {
    const facts = { mac: must(parseMac('525400551cee')), serial: must(parseLabel('X')) };
    expect(againUrl(ORIGIN, facts, 'live')).toBe(
      'http://10.0.2.2:4777/ipxe?mac=52-54-00-55-1c-ee&profile=live&serial=X',
    );
  });

  it('has no query for a machine that told nothing', () => {
    expect(againUrl(ORIGIN, {})).toBe('http://10.0.2.2:4777/ipxe');
  });
});

describe('script parts', () => {
  it('begins with the magic at the first byte and ends with a line break', () => {
    expect(script(['boot'])).toBe('#!ipxe\nboot\n');
  });

  it('doubles the pause up to half a minute', () => {
    let pause = Number(/set pause:int32 (\d+)/.exec(KEEP_PAUSE)?.[1]);
    const [most] = /\d+(?= \|\| inc)/.exec(GROWING_PAUSE.join('\n')) ?? [];
    const seen: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      seen.push(pause);
      if (pause !== Number(most)) pause += pause;
    }
    expect(seen).toEqual([1, 2, 4, 8, 16, 32, 32, 32]);
    expect(RESET_PAUSE).toBe('set pause:int32 1');
  });
});

describe('the start script', () => {
  const text = startScript(ORIGIN);

  it('is what it was', () => {
    expectGolden('render/start.ipxe', text);
  });

  it('sends the most reliable facts first and free text last, encoded', () => {
    const query = /\/ipxe\?(\S+)/.exec(text)?.[1] ?? '';
    const names = query.split('&').map((pair) => pair.split('=')[0]);
    expect(names).toEqual([
      'mac',
      'uuid',
      'platform',
      'arch',
      'serial',
      'hostname',
      'asset',
      'manufacturer',
      'product',
    ]);
    const free = query.split('&').slice(4);
    for (const pair of free) expect(pair).toMatch(/:uristring\}$/);
  });

  it('waits for a server that is silent or gone, and gives its place to the answer', () => {
    expect(text).toMatch(/^chain --timeout \d+ --replace \S+ \|\| goto retry$/m);
    expect(text).toMatch(/\ngoto ask\n$/);
  });

  it('opens the network card before each question, and only then: the MAC is that of the card it came by', () => {
    const lines = text.split('\n');
    expect(lines[lines.indexOf(':ask') + 1]).toBe('ifopen ||');
    expect(lines.findIndex((line) => line.includes('netX'))).toBeLessThan(lines.indexOf(':ask'));
  });

  it('is asked for by the card that has an address, where none is open: the first one may have no cable', () => {
    const lines = text.split('\n');
    const loop = lines.slice(lines.indexOf(':card'), lines.indexOf(':known'));
    expect(loop).toEqual([
      ':card',
      'isset ${net${card:int32}/mac} || goto known',
      'isset ${net${card:int32}/ip} && set machine-mac ${net${card:int32}/mac:hexhyp} ||',
      'inc card',
      'goto card',
    ]);
  });

  it('uses only commands that iPXE of 2019 knows', () => {
    const commands = new Set(
      text
        .split('\n')
        .slice(1, -1)
        .filter((line) => !line.startsWith(':'))
        .map((line) => line.split(' ')[0]),
    );
    expect([...commands].sort()).toEqual(['chain', 'echo', 'goto', 'ifopen', 'inc', 'iseq', 'isset', 'set', 'sleep']);
  });
});

const PLAN: Plan = {
  kernel: { kind: 'shelf', path: 'custom/vmlinuz' },
  initrds: [{ kind: 'shelf', path: 'custom/initrd.img' }],
  extras: [{ kind: 'shelf', path: 'custom/rootfs.img' }],
  args: ['console=ttyS0', 'ds=nocloud;dsmode=net;s=http://10.0.2.2:4777/nocloud/x/'],
};

describe('the portable boot script', () => {
  it('boots Flatcar, and asks again where the answer may have changed', () => {
    const profile = profileOf({ system: 'flatcar', version: '4593.2.5', ignition: 'worker.ign', console: ['ttyS0'] });
    const plan = flatcar.plan(inputOf(profile, { sshKey: 'ssh-ed25519 AAAA me@home' }));
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
