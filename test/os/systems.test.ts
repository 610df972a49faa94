import { describe, expect, it } from 'vitest';
import { kernelLineProblems } from '../../src/ipxe/kernel-line.ts';
import { artifactUrl } from '../../src/model/plan.ts';
import { SYSTEM_IDS } from '../../src/model/profile.ts';
import { SYSTEMS } from '../../src/os/systems.ts';
import { inputOf, ORIGIN, profileOf } from './sample.ts';

it('every system has its feed, under its own name', () => {
  expect(SYSTEM_IDS.map((id) => SYSTEMS[id].id)).toEqual([...SYSTEM_IDS]);
  expect(
    SYSTEM_IDS.filter((id) => id !== 'custom').every((id) => SYSTEMS[id].base('stable').startsWith('https://')),
  ).toBe(true);
});

describe.each(SYSTEM_IDS)('%s', (id) => {
  const profile = profileOf({
    system: id,
    version: '1.2.3',
    kernel: 'x/vmlinuz',
    initrd: ['x/initrd'],
    kernel_args: ['a=b', 'last'],
  });

  it('is found by its own name', () => {
    expect(SYSTEMS[id].id).toBe(id);
    expect(SYSTEMS[id].title).toMatch(/^[A-Z]/);
  });

  it('keeps all its files in its own folder', () => {
    const folder = SYSTEMS[id].shelf(profile);
    if (folder === undefined) return;
    const { kernel, initrds, extras } = SYSTEMS[id].plan(inputOf(profile));
    for (const artifact of [kernel, ...initrds, ...extras]) {
      expect(artifactUrl(artifact, ORIGIN)).toMatch(new RegExp(`^${ORIGIN}/images/${folder}/[^/]+$`));
    }
  });

  it('ends in kernel_args, never says initrd=, and gives a line that arrives whole', () => {
    const plan = SYSTEMS[id].plan(inputOf(profile));
    expect(plan.args.slice(-2)).toEqual(['a=b', 'last']);
    expect(plan.args.filter((arg) => arg.startsWith('initrd='))).toEqual([]);
    expect(kernelLineProblems(plan)).toEqual([]);
  });
});
