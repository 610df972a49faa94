import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { grubScript } from '../../src/ipxe/grub-script.ts';
import { metadataText, pixiecoreAnswer, pxelinuxConfig } from '../../src/ipxe/other-loaders.ts';
import { Failure } from '../../src/model/failure.ts';
import { parseOrigin, type Plan } from '../../src/model/plan.ts';
import { coreos } from '../../src/os/coreos.ts';
import { flatcar } from '../../src/os/flatcar.ts';
import { ubuntu } from '../../src/os/ubuntu.ts';
import { inputOf, must, ORIGIN, profileOf } from '../os/sample.ts';
import { expectGolden } from '../support/golden.ts';

describe("matchbox's metadata", () => {
  it('is an env file: capitals, nested names joined, lists left out, sorted', () => {
    const text = metadataText({
      mac: '52:54:00:55:1c:ee',
      etcd: { name: 'a', 'initial-cluster': 'a=http://a:2380,b=http://b:2380', deep: { er: true } },
      ssh_key: 'ssh-rsa AAA me@home',
      count: 3,
      half: 0.5,
      on: false,
      none: null,
      list: [1, 2],
      'odd key.x': 'y',
      empty: '',
    });
    expectGolden('render/metadata.env', text);
  });

  it('never lets a value become a second line, and a shell reads it back', () => {
    const values = {
      a: 'x\nINJECTED=1',
      b: 'say "hi" `id` $(id) $HOME \\ done',
      c: ' blanks ',
      d: 'cr\r\nlf',
      e: "it's",
    };
    const text = metadataText(values);
    const show = 'for n in A B C D E INJECTED; do eval "printf \'%s\\0\' \\"\\${$n-unset}\\""; done';
    const read = execFileSync('bash', ['-c', `${text}\n${show}`], { encoding: 'utf8' }).split('\0');
    expect(read.slice(0, 6)).toEqual([values.a, values.b, values.c, values.d, values.e, 'unset']);
  });

  it('drops NUL, which no environment can hold', () => {
    expect(metadataText({ a: 'x\0y' })).toBe('A="xy"\n');
  });

  it('is empty for nothing', () => {
    expect(metadataText({})).toBe('');
  });
});

describe("pixiecore's answer", () => {
  it('has the plan as URLs and one line', () => {
    const profile = profileOf({ system: 'flatcar', version: '4593.2.5', ignition: 'worker.ign', console: ['ttyS0'] });
    const answer = pixiecoreAnswer(flatcar.plan(inputOf(profile, { sshKey: 'ssh-rsa A b' })), ORIGIN);
    expectGolden('render/pixiecore.json', `${JSON.stringify(answer, undefined, 2)}\n`);
    expect(answer.cmdline).not.toContain('initrd=');
  });

  it('has an empty list and an empty line where there is nothing', () => {
    const plan = { kernel: { kind: 'shelf', path: 'k' }, initrds: [], extras: [], args: [] } as const;
    expect(pixiecoreAnswer(plan, ORIGIN)).toEqual({ kernel: `${ORIGIN}/images/k`, initrd: [], cmdline: '' });
  });
});

describe('a pxelinux configuration', () => {
  it('hands the arguments over as they are: APPEND ends at the end of the line, not at a semicolon', () => {
    const plan = ubuntu.plan(inputOf(profileOf({ system: 'ubuntu', version: '24.04.1', nocloud: 'web' })));
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

const PLAN: Plan = { kernel: { kind: 'shelf', path: 'k' }, initrds: [], extras: [], args: [] };

describe('a GRUB configuration', () => {
  it('quotes what ends a GRUB command', () => {
    const profile = profileOf({ system: 'ubuntu', version: '24.04.1', nocloud: 'web' });
    expectGolden('render/ubuntu.grub', grubScript(ubuntu.plan(inputOf(profile)), ORIGIN, 'Ubuntu Server (web)'));
  });

  it('leaves the key out and says so', () => {
    const plan = coreos.plan(inputOf(profileOf({ cloud_config: 'a.yml' }), { sshKey: 'ssh-rsa AAA x' }));
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
