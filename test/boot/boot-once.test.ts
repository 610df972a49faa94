import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import type { Claims } from '../../src/machines/claims.ts';
import { openInstallMarks } from '../../src/machines/install-marks.ts';
import { parseMark } from '../../src/machines/mark-file.ts';
import { Failure } from '../../src/model/failure.ts';
import { SILENT } from '../../src/model/service.ts';
import type { Name } from '../../src/model/profile.ts';
import { factsOf, contextOf, nameOf, originOf } from '../support/app-context.ts';

const MAC = '52:54:00:00:00:01';
const MARK = 'state/machines/52-54-00-00-00-01.json';
const FILES = {
  'profiles/worker.json': { system: 'custom', kernel: 'w', nodes: [{ name: 'w1', mac: MAC }] },
  'profiles/server.json': {
    system: 'custom',
    kernel: 'w',
    install: { disk: '/dev/sda' },
    nodes: [{ name: 's1', mac: '52:54:00:00:00:02' }],
  },
  'profiles/rescue.json': { system: 'custom', kernel: 'r', cloud_config: 'rescue' },
  'configs/rescue.yml.hbs': '#cloud-config\nhostname: {{node.name}}-rescue\n',
  'images/w': 'kernel',
  'images/r': 'kernel',
};

async function open() {
  const context = await contextOf(FILES);
  await context.marks.start();
  const question = (mac: string, choice?: Name) => ({
    ...{ facts: factsOf({ mac }), origin: originOf(), asker: '10.0.0.7' },
    ...(choice === undefined ? {} : { choice }),
  });
  const kernelOf = async (mac = MAC, choice?: Name): Promise<string | undefined> => {
    const { script } = await context.bootService.script(question(mac, choice));
    return /\/images\/(\w)\b/.exec(script)?.[1];
  };
  const who = { key: MAC, also: [], machine: factsOf({ mac: MAC }) };
  return { ...context, question, kernelOf, who };
}

describe('one boot of another profile', () => {
  it('is the next one, used up on the disk before its script leaves, and then the machine has its own again', async () => {
    const { dir, marks, kernelOf, bootService, who } = await open();
    expect(await kernelOf()).toBe('w');
    await marks.bootOnce(who, 'rescue');
    expect(bootService.netboot(who.machine)).toBe('boot');
    expect(await kernelOf()).toBe('r');
    expect(JSON.parse(readFileSync(join(dir, MARK), 'utf8'))).toMatchObject({
      once: { profile: 'rescue', used: expect.stringMatching(/^\d{4}-/) as string },
    });
    expect(await kernelOf()).toBe('w');
  });

  it('its script says why, and goes on under its own name: files that do not arrive, and its documents', async () => {
    const { marks, kernelOf, bootService, question, who } = await open();
    await marks.bootOnce(who, 'rescue');
    const { script, decision } = await bootService.script(question(MAC));
    expect(script).toContain('w1 boots profiles/rescue.json once, as an operator asked');
    expect(script).toContain('mac=52-54-00-00-00-01&profile=rescue');
    expect(decision).toMatchObject({ once: true, profile: 'rescue', node: 'w1' });
    expect(await kernelOf(MAC, nameOf('rescue')), 'the same boot asks again').toBe('r');
    const { body } = await bootService.documentOf('cloud_config', question(MAC, nameOf('rescue')));
    expect(body.toString()).toContain('hostname: w1-rescue');
    expect(await kernelOf(MAC), 'the next power-on').toBe('w');
  });

  it('lets an installed machine leave its disk once', async () => {
    const { marks, kernelOf } = await open();
    const [mac, target] = ['52:54:00:00:00:02', { profile: 'server', disk: '/dev/sda' }];
    const server = { key: mac, also: [], machine: factsOf({ mac }) };
    await marks.installed(server, target);
    expect(await kernelOf(mac)).toBeUndefined();
    await marks.bootOnce(server, 'rescue');
    expect(await kernelOf(mac)).toBe('r');
    expect(marks.of(server)).toMatchObject({ state: 'installed', ...target });
    expect(await kernelOf(mac)).toBeUndefined();
  });

  it('is not handed out where it cannot be used up on the disk: the machine waits, and is told why', async () => {
    const { marks, question, who, catalog, imageStore } = await open();
    await marks.bootOnce(who, 'rescue');
    const full = new Failure('unavailable', 'state/machines cannot be written: no space left');
    const claims: Claims = {
      claim: (asked) => marks.claim(asked),
      saw: () => undefined,
      takeOnce: () => Promise.reject(full),
    };
    const { script, decision } = await createBootService({ catalog, imageStore, marks, claims }).script(question(MAC));
    expect(decision.outcome).toBe('waiting');
    expect(script).toContain('no space left');
    expect(marks.of(who)?.once).not.toHaveProperty('used');
  });

  it('can be taken back, and outlives a restart', async () => {
    const { dir, marks, kernelOf, who } = await open();
    await marks.bootOnce(who, 'rescue');
    const text = readFileSync(join(dir, MARK), 'utf8');
    expect(parseMark(text, '52-54-00-00-00-01.json')).toEqual(marks.of(who));
    expect(JSON.parse(text)).toMatchObject({ state: 'seen', once: { profile: 'rescue' } });
    expect(parseMark(text.replace('"rescue"', '7'), '52-54-00-00-00-01.json')).toBe('"once" cannot be understood');
    const restarted = await openInstallMarks(await openDataRoot(dir), SILENT);
    expect([restarted.of(who)?.once?.profile, restarted.onces.has(MAC)]).toEqual(['rescue', true]);
    expect(await marks.cancelOnce(who)).toBe(true);
    expect(await marks.cancelOnce(who)).toBe(false);
    expect(await kernelOf()).toBe('w');
  });

  it('leaves once where a machine asks twice at the same time, and a HEAD uses nothing up', async () => {
    const { marks, kernelOf, bootService, question, who } = await open();
    await marks.bootOnce(who, 'rescue');
    const { facts, origin } = question(MAC);
    await bootService.script({ facts, origin });
    expect(marks.of(who)?.once?.used).toBeUndefined();
    const both = await Promise.all([kernelOf(), kernelOf()]);
    expect(both.toSorted()).toEqual(['r', 'w']);
  });

  it('is never for a machine that is to be erased, and no profile that installs or boots the disk by now', async () => {
    const { marks, kernelOf, who } = await open();
    await marks.bootOnce(who, 'server');
    expect(await kernelOf(), 'nothing was said of a disk').toBe('w');
    const mac = '52:54:00:00:00:02';
    const server = { key: mac, also: [], machine: factsOf({ mac }) };
    await marks.reinstall(server, { profile: 'server', disk: '/dev/sda' });
    await expect(marks.bootOnce(server, 'rescue')).rejects.toMatchObject({ code: 'conflict' });
  });
});
