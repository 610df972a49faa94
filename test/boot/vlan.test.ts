import { describe, expect, it } from 'vitest';
import type { createBootService } from '../../src/boot/answer.ts';
import { startScript } from '../../src/ipxe/boot-script.ts';
import { checkData } from '../../src/doctor/check.ts';
import { readContext } from '../../src/context/app-context.ts';
import { factsOf, originOf, settingsFor } from '../support/app-context.ts';
import { makeFolder } from '../support/folder.ts';

const FILES = {
  'images/flatcar/amd64/4593.2.5/flatcar_production_pxe.vmlinuz': 'kernel',
  'images/flatcar/amd64/4593.2.5/flatcar_production_pxe_image.cpio.gz': 'initramfs',
};
const origin = originOf();
const facts = factsOf({ mac: '525400000001' });

async function contextOf(profile: object, vlan?: number) {
  const nodes = [{ name: 'a', mac: '52:54:00:00:00:01', ...('node' in profile ? { vlan: profile.node } : {}) }];
  const said = Object.fromEntries(Object.entries(profile).filter(([key]) => key !== 'node'));
  const dir = makeFolder({
    'profiles/p.json': { system: 'flatcar', version: '4593.2.5', nodes, ...said },
    ...FILES,
  });
  return { dir, ...(await readContext(settingsFor(dir, { vlan }))) };
}

const argsOf = ({ preview }: { preview: ReturnType<typeof createBootService> }) => preview.args(facts, origin).args;
const TAG_7 = ['ifname=trunk:52:54:00:00:00:01', 'vlan=trunk.7:trunk', 'ip=trunk.7:dhcp'];

describe('a VLAN', () => {
  it('is made by the script of a profile that names it, before anything is fetched, and the kernel is told', async () => {
    const context = await contextOf({ vlan: 7 });
    const { script } = await context.bootService.script({ facts, origin });
    const lines = script.split('\n');
    const made = lines.findIndex((line) =>
      line.startsWith('vcreate --tag ${vlan-id} ${vlan-card} && dhcp ${vlan-card}-'),
    );
    expect(lines).toContain('set vlan-id 7');
    expect(lines).toContain('isset ${net1/mac} && iseq ${net1/mac:hexhyp} 52-54-00-00-00-01 && set vlan-card net1 ||');
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(lines.findIndex((line) => line.startsWith('kernel ')));
    expect(argsOf(context)).toEqual(expect.arrayContaining(TAG_7));
  });

  it('of the setting is made by the start script; profile and node win', async () => {
    expect(startScript(origin, undefined, 7)).toContain('set vlan-id 7\n');
    expect(startScript(origin)).not.toContain('vlan');
    const context = await contextOf({}, 7);
    expect(context.bootService.start(origin)).toContain('vcreate --tag ${vlan-id}');
    expect((await context.bootService.script({ facts, origin })).script).not.toContain('vcreate');
    expect(argsOf(context)).toEqual(expect.arrayContaining(TAG_7));
    expect(argsOf(await contextOf({ vlan: 8 }, 7))).toContain('vlan=trunk.8:trunk');
    expect(argsOf(await contextOf({ vlan: 8, node: 9 }, 7))).toContain('vlan=trunk.9:trunk');
  });

  it("the profile's own network arguments win", async () => {
    const args = argsOf(await contextOf({ vlan: 7, kernel_args: ['ip=eth0.7:dhcp', 'vlan=eth0.7:eth0'] }));
    expect(args.filter((arg) => /^(?:ifname|vlan|ip)=/.test(arg))).toEqual(['ip=eth0.7:dhcp', 'vlan=eth0.7:eth0']);
  });

  it('a system whose kernel is not told is a warning of check, until the profile tells it', async () => {
    const debian = { system: 'debian', version: '20230607', vlan: 7 };
    const about = async (profile: object) =>
      (await checkData(settingsFor((await contextOf(profile)).dir))).problems.filter(
        ({ place }) => place.key === 'vlan',
      );
    expect(await about(debian)).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('debian') as string },
    ]);
    expect(await about({ ...debian, kernel_args: ['vlan=eth0.7:eth0'] })).toEqual([]);
    expect(await about({ vlan: 7 })).toEqual([]);
  });

  it.each([0, 4095, '7', 1.5])('%j is no VLAN', async (vlan) => {
    const { dir } = await contextOf({ vlan });
    expect((await checkData(settingsFor(dir))).problems).toMatchObject([{ severity: 'error', place: { key: 'vlan' } }]);
  });
});

describe('a UUID in the byte order of an old BIOS', () => {
  const nodes = [
    { name: 'a', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    { name: 'b', uuid: '11223344-5566-7788-9900-aabbccddeeff' },
  ];

  it('is the node that it means', async () => {
    const { bootService } = await contextOf({ nodes });
    const swapped = factsOf({ uuid: '6a0fc3c6-1b4a-3743-8325-c4c2543ad437' });
    const { decision } = await bootService.script({ facts: swapped, origin });
    expect(decision).toMatchObject({ outcome: 'boot', node: 'a' });
  });

  it('a node that lists it just so comes first', async () => {
    const both = [...nodes, { name: 'c', uuid: '6a0fc3c6-1b4a-3743-8325-c4c2543ad437' }];
    const { bootService } = await contextOf({ nodes: both });
    for (const { name, uuid } of both) {
      const { decision } = await bootService.script({ facts: factsOf({ uuid }), origin });
      expect(decision.node).toBe(name);
    }
  });
});
