import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/profile.ts';
import { custom } from '../../src/os/custom.ts';
import { expectGolden } from '../support/golden.ts';
import { describeRelease, drive } from '../support/upstream-feed.ts';
import { inputOf, installInputOf, planText, profileOf, refusal } from './sample.ts';

const file = { name: 'vmlinuz', url: 'http://files.lan/vmlinuz', sha256: 'A'.repeat(64), size: 5 };
const initrd = { name: 'initrd.img', url: 'http://files.lan/initrd', sha256: 'b'.repeat(64), kind: 'initrd' };
const good: JsonObject = { version: '1.0', files: [file, initrd] };
const run = (release: JsonObject): ReturnType<typeof drive> =>
  drive(custom, { custom: { profile: 'rescue', release } }, {});

describe('custom', () => {
  it('takes what the profile says', () => {
    expect(run(good).asked).toEqual([]);
    expectGolden('systems/feeds/custom.txt', describeRelease(run(good).release));
  });

  it.each<[string, JsonObject]>([
    ['version', { ...good, version: '../x' }],
    ['version', { ...good, version: 'a..b' }],
    ['version', { files: [file] }],
    ['files', { version: '1' }],
    ['files', { version: '1', files: [] }],
    ['files', { version: '1', files: [file, file] }],
    ['files[0].sha256', { version: '1', files: [{ ...file, sha256: 'x' }] }],
    ['files[0].sha256', { version: '1', files: [{ name: 'a', url: 'http://x/a' }] }],
    ['files[0].sha256', { version: '1', files: ['vmlinuz'] }],
    ['files[0].name', { version: '1', files: [{ ...file, name: '../x' }] }],
    ['files[0].name', { version: '1', files: [{ ...file, name: '.pilotlight.json' }] }],
    ['files[0].url', { version: '1', files: [{ ...file, url: 'file:///etc/passwd' }] }],
    ['files[0].url', { version: '1', files: [{ ...file, url: 'http://' }] }],
    ['files[0].size', { version: '1', files: [{ ...file, size: -1 }] }],
    ['files[0].kind', { version: '1', files: [{ ...file, kind: 'floppy' }] }],
  ])('says that %s is wrong', (key, release) => {
    expect(() => run(release)).toThrow(
      expect.objectContaining({ code: 'broken', place: { file: 'profiles/rescue.json', key: `release.${key}` } }),
    );
  });
});

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

  it('case 04-custom-kickstart-never-reaches: each document goes by the argument of its reader', () => {
    const argsOf = (more: object): readonly string[] => custom.plan(inputOf(profileOf({ ...BASE, ...more }))).args;
    const url = (name: string): string => `http://10.0.2.2:4777/configs/${name}?mac=52-54-00-55-1c-ee`;
    expect(argsOf({ kickstart: 'k.ks' })).toEqual([`inst.ks=${url('k.ks')}`]);
    expect(argsOf({ preseed: 'p' })).toEqual([
      'auto=true',
      'priority=critical',
      `url=${url('p')}`,
      'interface=auto',
      'BOOTIF=01-52-54-00-55-1c-ee',
    ]);
    expect(argsOf({ nocloud: 'u' })).toEqual([
      'ds=nocloud;dsmode=net;s=http://10.0.2.2:4777/nocloud/52-54-00-55-1c-ee/',
    ]);
    expect(argsOf({ generic: 'g' })).toEqual([]);
  });

  it('does not put its own beside what kernel_args say', () => {
    const argsOf = (more: object): readonly string[] => custom.plan(inputOf(profileOf({ ...BASE, ...more }))).args;
    for (const [key, arg] of [
      ['kickstart', 'inst.ks=nfs:server:/k.ks'],
      ['kickstart', 'ks=http://192.0.2.1/k.ks'],
      ['preseed', 'preseed/url=http://192.0.2.1/p'],
      ['preseed', 'url=http://192.0.2.1/p'],
      ['nocloud', 'ds=nocloud'],
    ] as const) {
      expect(argsOf({ [key]: 'x', kernel_args: [arg, 'quiet'] })).toEqual([arg, 'quiet']);
    }
    expect(
      argsOf({ preseed: 'p', kernel_args: ['priority=low', 'interface=eth1'] }).filter((a) => /^(p|i)/.test(a)),
    ).toEqual(['priority=low', 'interface=eth1']);
  });

  it('keeps the meaning of the old keys', () => {
    const profile = profileOf({ ...BASE, console: ['tty0'], root: '/dev/vda', rootfstype: 'ext4' });
    expect(custom.plan(inputOf(profile)).args).toEqual(['rootfstype=ext4', 'console=tty0', 'root=/dev/vda']);
  });

  it('may have no initrd and lies on no shelf of its own', () => {
    expect(custom.plan(inputOf(profileOf(BASE))).initrds).toEqual([]);
    expect(custom.shelf(profileOf(BASE))).toBeUndefined();
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
    const live = custom.plan(inputOf(profileOf(BASE)));
    expect(custom.plan(installInputOf(profileOf({ ...BASE, install: { disk: '/dev/sda' } })))).toEqual(live);
  });
});

describe('case 11-wimboot: files that a kernel looks for by their names', () => {
  const initrd = ['winpe/BCD', 'http://mirror.lan/pe/boot.sdi?x=1', { path: 'winpe/x64.wim', name: 'boot.wim' }];
  const namesOf = (kernel: string): unknown =>
    custom.plan(inputOf(profileOf({ system: 'custom', version: '', kernel, initrd }))).initrds.map(({ name }) => name);

  it.each(['winpe/wimboot', 'wimboot', 'winpe/wimboot.i386', 'http://mirror.lan/wimboot?v=2'])(
    '%s keeps all names',
    (kernel) => {
      expect(namesOf(kernel)).toEqual(['BCD', 'boot.sdi', 'boot.wim']);
    },
  );

  it.each(['winpe/vmlinuz', 'wimboot/vmlinuz', 'http://wimboot.lan/vmlinuz', 'x/notwimboot'])(
    '%s keeps those that the profile gives',
    (kernel) => {
      expect(namesOf(kernel)).toEqual([undefined, undefined, 'boot.wim']);
    },
  );
});
