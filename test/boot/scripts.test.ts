import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { wrongArch } from '../../src/boot/decide.ts';
import { Failure } from '../../src/model/failure.ts';
import type { MachineArch } from '../../src/model/machine.ts';
import type { BuiltProfile } from '../../src/model/profile.ts';
import { profileOf } from '../os/sample.ts';
import { addFiles } from '../support/folder.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

function judged(arch: MachineArch | undefined, more: Partial<BuiltProfile>): string | undefined {
  return wrongArch({ profile: profileOf(more), by: 'default' }, arch === undefined ? {} : { arch });
}

test('case 13-wrong-arch: which machine runs which kernel', () => {
  const amd64 = { system: 'ubuntu', arch: 'amd64' } as const;
  const arm64 = { system: 'ubuntu', arch: 'arm64' } as const;
  expect(judged('arm64', amd64)).toBe('this machine is arm64, profiles/sample.json boots amd64');
  expect(judged('arm32', amd64)).toContain('is arm32');
  expect(judged('x86_64', arm64)).toBe('this machine is x86_64, profiles/sample.json boots arm64');
  expect(judged('i386', arm64)).toContain('is i386');
  expect(judged('arm32', arm64)).toContain('is arm32');
  for (const [arch, profile] of [
    ['x86_64', amd64],
    ['i386', amd64], // what a BIOS iPXE says on any processor
    ['arm64', arm64],
    [undefined, amd64],
    [undefined, arm64],
  ] as const) {
    expect(judged(arch, profile)).toBeUndefined();
  }
});

test('the kernel of a custom profile is for what the profile says, if it says it', () => {
  expect(judged('arm64', { system: 'custom', arch: 'amd64', raw: {} })).toBeUndefined();
  expect(judged('arm64', { system: 'custom', arch: 'amd64', raw: { arch: 'amd64' } })).toContain('boots amd64');
});

const IMAGES = {
  'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz': 'kernel',
  'images/flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz': 'initramfs',
};
const SEED = {
  'profiles/seed.json': {
    system: 'flatcar',
    version: '4593.2.5',
    cloud_config: 'seed',
    nodes: [
      { name: 'a', mac: '52-54-00-55-1C-EE' },
      { name: 'b', uuid: 'C6C30F6A-4A1B-4337-8325-C4C2543AD437' },
      { name: 'c', serial: 'PF0 X1' },
    ],
  },
  'configs/seed.yml.hbs': '#cloud-config\nhostname: {{node.name}}\n',
};
const origin = originOf();

test('images that were there within the last second are not looked for again', async () => {
  const clock = vi.spyOn(performance, 'now');
  onTestFinished(() => {
    clock.mockRestore();
  });
  const { bootService, dir } = await contextOf({ ...SEED, ...IMAGES });
  const outcome = async (): Promise<string> =>
    (await bootService.script({ facts: factsOf({ mac: '525400551cee' }), origin })).decision.outcome;
  clock.mockReturnValue(5000);
  expect(await outcome()).toBe('boot');
  rmSync(join(dir, 'images'), { recursive: true });
  clock.mockReturnValue(5999);
  expect(await outcome()).toBe('boot');
  clock.mockReturnValue(6000);
  expect(await outcome()).toBe('waiting');
  addFiles(dir, IMAGES);
  expect(await outcome()).toBe('boot');
});

describe('script', () => {
  it('boots a node by its MAC and names the file that decided', async () => {
    const { bootService } = await contextOf({ ...SEED, ...IMAGES });
    const { script, decision } = await bootService.script({ facts: factsOf({ mac: '525400551cee' }), origin });
    expect(script.startsWith('#!ipxe\n')).toBe(true);
    expect(script).toContain(
      'http://10.0.2.2:4777/images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz initrd=main',
    );
    expect(script).toContain('cloud-config-url=http://10.0.2.2:4777/configs/seed.yml?mac=52-54-00-55-1c-ee');
    expect(decision).toMatchObject({
      outcome: 'boot',
      profile: 'seed',
      node: 'a',
      version: '4593.2.5',
      because: 'mac 52:54:00:55:1c:ee is node a of profiles/seed.json',
    });
  });

  it('carries what decided into the document URL', async () => {
    const { bootService } = await contextOf({ ...SEED, ...IMAGES });
    const byUuid = await bootService.script({
      facts: factsOf({ mac: '525400000001', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' }),
      origin,
    });
    expect(byUuid.script).toContain(
      '/configs/seed.yml?mac=52-54-00-00-00-01&uuid=c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    );
    const bySerial = await bootService.script({ facts: factsOf({ serial: 'PF0 X1' }), origin });
    expect(bySerial.script).toContain('/configs/seed.yml?serial=PF0%20X1');
  });

  it('tells a machine that nobody knows who it is, with 200', async () => {
    const { bootService } = await contextOf(SEED);
    const { script, decision } = await bootService.script({ facts: factsOf({ mac: '525400000001' }), origin });
    expect(script).toMatch(/^#!ipxe\n/);
    expect(script).toContain('52:54:00:00:00:01');
    expect(script).toContain('chain --timeout');
    expect(decision.outcome).toBe('unknown');
  });

  it('takes the default profile last', async () => {
    const { bootService } = await contextOf({
      ...SEED,
      ...IMAGES,
      'profiles/rest.json': { system: 'flatcar', version: '4593.2.5', default: true },
    });
    const { decision } = await bootService.script({ facts: factsOf({ mac: '525400000001' }), origin });
    expect(decision).toMatchObject({
      outcome: 'boot',
      profile: 'rest',
      because: 'no profile names mac 52:54:00:00:00:01; profiles/rest.json is the default',
    });
    expect((await bootService.script({ facts: factsOf({ mac: '525400551cee' }), origin })).decision.profile).toBe(
      'seed',
    );
  });

  it('says on the screen which images are missing, and boots once they are there', async () => {
    const { bootService, dir } = await contextOf(SEED);
    const question = { facts: factsOf({ mac: '525400551cee' }), origin };
    const waiting = await bootService.script(question);
    expect(waiting.decision.outcome).toBe('waiting');
    expect(waiting.script).toContain('flatcar_production_pxe.vmlinuz');
    addFiles(dir, IMAGES);
    expect((await bootService.script(question)).decision.outcome).toBe('boot');
  });

  it('says so of a profile that is asked for by its name, also to those who look at what booted', async () => {
    const { bootService } = await contextOf({ 'profiles/a.json': { system: 'flatcar', version: '4593.2.5' } });
    const { script, decision } = await bootService.scriptOf(nameOf('a'), origin);
    expect(script).toContain('flatcar_production_pxe.vmlinuz');
    expect(decision).toMatchObject({
      outcome: 'waiting',
      because:
        'asked for profiles/a.json by name, and images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz is not there',
    });
  });

  it('does not let a machine of a broken profile fall through to the default', async () => {
    const { bootService } = await contextOf({
      'profiles/a.json':
        '{ "system": "flatcar", "versoin": "1", "nodes": [{ "name": "a", "mac": "52:54:00:55:1c:ee" }] }',
      'profiles/installer.json': { system: 'flatcar', version: '4593.2.5', default: true },
      ...IMAGES,
    });
    const { script, decision } = await bootService.script({ facts: factsOf({ mac: '525400551cee' }), origin });
    expect(decision).toMatchObject({
      outcome: 'waiting',
      because: 'profiles/a.json names mac 52:54:00:55:1c:ee and is broken',
    });
    expect(script).toContain('versoin');
  });

  it('hands a machine to its own disk in the way of its platform', async () => {
    const { bootService } = await contextOf({
      'profiles/disk.json': { boot: 'local', nodes: [{ name: 'a', mac: '525400551cee' }] },
      'profiles/gone.json': { boot: 'local', local_boot: 'http-404', nodes: [{ name: 'b', mac: '525400551cef' }] },
    });
    const efi = await bootService.script({ facts: factsOf({ mac: '525400551cee', platform: 'efi' }), origin });
    expect(efi.decision.outcome).toBe('local');
    expect(efi.script).toContain('exit 1');
    expect(efi.script).not.toContain('sanboot');
    const bios = await bootService.script({ facts: factsOf({ mac: '525400551cee', platform: 'pcbios' }), origin });
    expect(bios.script).toContain('sanboot');
    await expect(bootService.script({ facts: factsOf({ mac: '525400551cef' }), origin })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

it('explains on the screen what it cannot read, and asks again', async () => {
  const { bootService } = await contextOf(SEED);
  const script = bootService.explain(new Failure('invalid', 'serial: no && reboot ${x}'), origin);
  expect(script).toMatch(/^#!ipxe\n/);
  expect(script).toContain('cannot read what this machine says of itself');
  expect(script).toContain('--replace http://10.0.2.2:4777/boot.ipxe');
  expect(script).not.toContain('no && reboot');
  expect(script).not.toContain('${x}');
});

describe('scriptOf', () => {
  const OLD = {
    'profiles/b.json': {
      cloud_config: 'b',
      console: ['tty0', 'ttyS0'],
      coreos_autologin: 'ttyS0',
      root: '/dev/sda1',
      rootfstype: 'btrfs',
      sshkey: 'b',
      version: '310.1.0',
    },
    'configs/b.yml': '#cloud-config\n',
    'sshkeys/b.pub': 'ssh-rsa AAAAB3N...\n',
  };

  it("gives coreos-ipxe-server's bytes, images or not", async () => {
    const { bootService } = await contextOf(OLD);
    const { script } = await bootService.scriptOf(nameOf('b'), originOf('HOST'));
    expect(script).toBe(
      [
        '#!ipxe',
        'set coreos-version 310.1.0',
        'set base-url http://HOST/images/amd64-usr/${coreos-version}',
        'kernel ${base-url}/coreos_production_pxe.vmlinuz rootfstype=btrfs console=tty0 console=ttyS0 cloud-config-url=http://HOST/configs/b.yml coreos.autologin=ttyS0 sshkey="ssh-rsa AAAAB3N..." root=/dev/sda1',
        'initrd ${base-url}/coreos_production_pxe_image.cpio.gz',
        'boot',
        '',
      ].join('\n'),
    );
  });

  it('names the profile or the key that is missing', async () => {
    const { bootService } = await contextOf({ ...OLD, 'profiles/c.json': { sshkey: 'nobody', version: '310.1.0' } });
    await expect(bootService.scriptOf(nameOf('nope'), origin)).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no profile "nope"',
    });
    await expect(bootService.scriptOf(nameOf('c'), origin)).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no key "nobody"',
    });
  });

  it('says what is wrong with a broken profile', async () => {
    const { bootService } = await contextOf({ 'profiles/bad.json': '{' });
    await expect(bootService.scriptOf(nameOf('bad'), origin)).rejects.toMatchObject({
      code: 'broken',
      place: { file: 'profiles/bad.json' },
    });
  });

  it('uses the portable form for every other system', async () => {
    const { bootService } = await contextOf({ ...SEED, ...IMAGES });
    const { script } = await bootService.scriptOf(nameOf('seed'), origin);
    expect(script).toContain('initrd=main');
    expect(script).toContain('/configs/seed.yml ');
  });
});

describe('args, grub and pixiecore', () => {
  it('say the same as the script', async () => {
    const { bootService } = await contextOf({ ...SEED, ...IMAGES });
    const facts = factsOf({ mac: '525400551cee' });
    const { args } = bootService.args(facts, origin);
    const { script } = await bootService.script({ facts, origin });
    expect(args.length).toBeGreaterThan(0);
    expect(script).toContain(args.join(' '));
    const { cmdline, kernel } = await bootService.pixiecore(facts.mac ?? ('' as never), origin);
    expect(cmdline).toBe(args.join(' '));
    expect(kernel).toBe('http://10.0.2.2:4777/images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz');
    expect((await bootService.grub({ facts, origin })).script).toContain('cloud-config-url=');
  });

  it('refuse a machine that has nothing to boot', async () => {
    const { bootService } = await contextOf({
      ...SEED,
      'profiles/disk.json': { boot: 'local', nodes: [{ name: 'z', mac: '525400551cef' }] },
    });
    const facts = (mac: string) => ({ facts: factsOf({ mac }), origin });
    await expect(bootService.grub(facts('525400551cee'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(bootService.grub(facts('525400551cef'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(bootService.grub(facts('525400551c00'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
