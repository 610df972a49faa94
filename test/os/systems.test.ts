import { describe, expect, it } from 'vitest';
import { kernelLineProblems } from '../../src/ipxe/ipxe-text.ts';
import { artifactUrl } from '../../src/model/plan.ts';
import { SYSTEM_IDS } from '../../src/model/profile.ts';
import { FEEDS, systemOf } from '../../src/os/systems.ts';
import { inputOf, ORIGIN, profileOf } from './sample.ts';

it('every system has its feed, under its own name', () => {
  expect(SYSTEM_IDS.map((id) => FEEDS[id].id)).toEqual([...SYSTEM_IDS]);
  expect(
    SYSTEM_IDS.filter((id) => id !== 'custom').every((id) => FEEDS[id].base('stable').startsWith('https://')),
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
    expect(systemOf(id).id).toBe(id);
    expect(systemOf(id).title).toMatch(/^[A-Z]/);
  });

  it('keeps all its files in its own folder', () => {
    const folder = systemOf(id).shelf(profile);
    if (folder === undefined) return;
    const { kernel, initrds, extras } = systemOf(id).plan(inputOf(profile));
    for (const artifact of [kernel, ...initrds, ...extras]) {
      expect(artifactUrl(artifact, ORIGIN)).toMatch(new RegExp(`^${ORIGIN}/images/${folder}/[^/]+$`));
    }
  });

  it('ends in kernel_args, never says initrd=, and gives a line that arrives whole', () => {
    const plan = systemOf(id).plan(inputOf(profile));
    expect(plan.args.slice(-2)).toEqual(['a=b', 'last']);
    expect(plan.args.filter((arg) => arg.startsWith('initrd='))).toEqual([]);
    expect(kernelLineProblems(plan)).toEqual([]);
  });
});
