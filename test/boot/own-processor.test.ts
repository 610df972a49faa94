import { describe, expect, it } from 'vitest';
import { checkData } from '../../src/doctor/check.ts';
import { parseMac } from '../../src/model/machine.ts';
import { contextOf, nameOf, originOf, settingsFor } from '../support/app-context.ts';
import type { MachineArch } from '../../src/model/machine.ts';

const FILES = ['flatcar_production_pxe.vmlinuz', 'flatcar_production_pxe_image.cpio.gz'];
const images = (arch: string) =>
  Object.fromEntries(FILES.map((file) => [`images/flatcar/${arch}/4593.2.5/${file}`, arch]));
const PROFILE = {
  'profiles/both.json': {
    system: 'flatcar',
    arch: 'auto',
    version: '4593.2.5',
    cloud_config: 'both',
    nodes: [{ name: 'a', mac: '52:54:00:00:00:01' }],
  },
  'configs/both.yml.hbs': '#cloud-config\nhostname: {{node.name}}-{{profile.arch}}\n',
};
const origin = originOf();
const mac = parseMac('525400000001');

async function asked(arch: MachineArch | undefined, files: object = { ...images('amd64'), ...images('arm64') }) {
  const context = await contextOf({ ...PROFILE, ...files });
  const facts = { mac, ...(arch === undefined ? {} : { arch }) };
  return { ...context, facts, answer: await context.bootService.script({ facts, origin }) };
}

describe('a profile for either processor', () => {
  it.each([
    ['arm64', 'arm64'],
    ['x86_64', 'amd64'],
    ['i386', 'amd64'],
  ] as const)('a machine that says %s gets the build for %s', async (said, build) => {
    const { answer } = await asked(said);
    expect(answer.script).toContain(`/images/flatcar/${build}/4593.2.5/flatcar_production_pxe.vmlinuz`);
    expect(answer.script).toContain(`echo a: Flatcar Container Linux 4593.2.5 ${build}`);
    expect(answer.decision.because).toContain(`its processor takes the ${build} build`);
    expect(answer.script).toContain(`/configs/both.yml?mac=52-54-00-00-00-01&arch=${said}`);
  });

  it('the links carry the processor, so a template knows it', async () => {
    const { bootService } = await asked('arm64');
    const facts = { mac, arch: 'arm64' } as const;
    const { body } = await bootService.document(nameOf('both.yml'), { facts, origin });
    expect(body.toString()).toContain('hostname: a-arm64');
  });

  it('a machine that does not say it gets no kernel at all: it is made to say it, at the start of the address', async () => {
    const { answer } = await asked(undefined);
    expect(answer.script).not.toContain('kernel --');
    expect(answer.script).toContain('/ipxe?arch=${buildarch}&mac=52-54-00-00-00-01 || goto retry');
    expect(answer.decision).toMatchObject({ outcome: 'waiting' });
    expect(answer.decision.because).toContain('which that is was not said');
  });

  it('pixiecore cannot ask, so it is refused with what to do', async () => {
    const { bootService } = await asked(undefined);
    const refused = bootService.pixiecore(parseMac('525400000001') ?? expect.fail(), origin, '10.0.2.15');
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a machine of a third kind waits, and is told so', async () => {
    const { answer } = await asked('arm32');
    expect(answer.decision.because).toContain('this machine is arm32, profiles/both.json boots amd64 and arm64');
    expect(answer.script).not.toContain('kernel --');
  });

  it('by the name of the profile: asked for the processor first', async () => {
    const { bootService } = await asked(undefined);
    const first = await bootService.scriptOf(nameOf('both'), origin);
    expect(first.script).toContain('/?arch=${buildarch}&profile=both');
    const then = await bootService.scriptOf(nameOf('both'), origin, 'arm64');
    expect(then.script).toContain('/images/flatcar/arm64/');
  });

  it('GRUB says its processor in the path, or waits', async () => {
    const { bootService } = await asked(undefined);
    const waits = await bootService.grubConfig({ facts: { mac }, origin }, true);
    expect(waits?.script).not.toContain('/images/');
    const boots = await bootService.grubConfig({ facts: { mac, arch: 'arm64' }, origin }, true);
    expect(boots?.script).toContain('/images/flatcar/arm64/');
  });

  it('images of one processor alone: its machines boot, the others wait, and check names what is missing', async () => {
    const { answer, dir } = await asked('arm64', images('amd64'));
    expect(answer.decision.outcome).toBe('waiting');
    expect(answer.script).toContain('images/flatcar/arm64/4593.2.5/flatcar_production_pxe.vmlinuz');
    const { problems } = await checkData(settingsFor(dir));
    expect(problems.map(({ message }) => message)).toEqual(
      FILES.map((file) => `images/flatcar/arm64/4593.2.5/${file} is not there`),
    );
  });

  it.each(['custom', 'coreos'])('a system with one build (%s) is an error of the profile', async (system) => {
    const kernel = system === 'custom' ? { kernel: 'custom/vmlinuz' } : { version: '1298.6.0' };
    const { dir } = await contextOf({ 'profiles/one.json': { system, arch: 'auto', ...kernel } });
    const { problems } = await checkData(settingsFor(dir));
    expect(problems.find(({ place }) => place.key === 'arch')).toMatchObject({ severity: 'error' });
  });
});
