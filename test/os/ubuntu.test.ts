import { describe, expect, it } from 'vitest';
import { UBUNTU } from '../../src/os/ubuntu.ts';
import { expectGolden } from '../support/golden.ts';
import { inputOf, installInputOf, ORIGIN, planText, profileOf, refusal } from './sample.ts';

const BASE = { system: 'ubuntu', version: '24.04.1' } as const;

describe('Ubuntu', () => {
  it('installs by itself from a NoCloud seed', () => {
    const profile = profileOf({ ...BASE, nocloud: 'web', console: ['ttyS0'], kernel_args: ['quiet'] });
    expectGolden('systems/ubuntu-nocloud.txt', planText(inputOf(profile)));
  });

  it('waits at its prompt without a seed', () => {
    expectGolden('systems/ubuntu-by-hand-arm64.txt', planText(inputOf(profileOf({ ...BASE, arch: 'arm64' }))));
  });

  it('ends the seed in a slash, because file names are put behind it', () => {
    const documents = { nocloud: `${ORIGIN}/nocloud/web` };
    const { args } = UBUNTU.plan(inputOf(profileOf({ ...BASE, nocloud: 'web' }), { documents }));
    expect(args).toContain(`ds=nocloud;dsmode=net;s=${ORIGIN}/nocloud/web/`);
  });

  it('needs its ISO on the shelf', () => {
    expect(UBUNTU.plan(inputOf(profileOf(BASE))).extras).toEqual([
      { kind: 'shelf', path: 'ubuntu/amd64/24.04.1/ubuntu-24.04.1-live-server-amd64.iso' },
    ]);
  });

  it('says what it cannot do', () => {
    expect(refusal(profileOf({ ...BASE, preseed: 'a' }))).toMatch(/preseed: .* \(use "nocloud"\)/);
    expect(refusal(profileOf({ ...BASE, install: { disk: 'sda' } }))).toMatch(/install.disk: "sda" is not a disk/);
  });

  it('installs with the same arguments: the disk and the report are in the document', () => {
    const live = UBUNTU.plan(inputOf(profileOf(BASE)));
    expect(UBUNTU.plan(installInputOf(profileOf({ ...BASE, install: { disk: '/dev/sda' } })))).toEqual(live);
  });
});
