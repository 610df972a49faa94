import { describe, expect, it } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { builds, type JsonObject, type Profile } from '../../src/model/profile.ts';
import { planSync, targetOf } from '../../src/releases/plan.ts';
import { nameOf } from '../support/app-context.ts';

function profile(name: string, raw: JsonObject): Profile {
  return buildProfile(nameOf(name), `profiles/${name}.json`, raw);
}

const flatcar = { system: 'flatcar', version: '1.2.3' };

describe('planSync', () => {
  it('profiles that follow the same channel share one target', () => {
    const { targets } = planSync(
      [
        profile('b', flatcar),
        profile('a', { ...flatcar, version: '1.2.2', mirror: ['install'] }),
        profile('c', { ...flatcar, channel: 'beta' }),
        profile('d', { ...flatcar, arch: 'arm64' }),
        profile('old', { version: '1298.6.0' }),
      ],
      {},
    );
    expect(targets.map(({ id, install, profiles }) => [id, install, profiles.map(({ name }) => name)])).toEqual([
      ['coreos/stable/amd64', false, ['old']],
      ['flatcar/beta/amd64', false, ['c']],
      ['flatcar/stable/amd64', true, ['b', 'a']],
      ['flatcar/stable/arm64', false, ['d']],
    ]);
  });

  it('a profile that installs from us has its image fetched without being told', () => {
    const install = { disk: '/dev/sda' };
    const { targets } = planSync(
      [profile('a', { ...flatcar, install }), profile('f', { system: 'fedora-coreos', version: '44.1', install })],
      {},
    );
    expect(targets.map(({ id, install: image }) => [id, image])).toEqual([
      ['fedora-coreos/stable/amd64', false],
      ['flatcar/stable/amd64', true],
    ]);
  });

  it('a custom profile that describes its release is a target of its own', () => {
    const release = { version: '1', files: [] };
    const { targets } = planSync([profile('rescue', { system: 'custom', kernel: 'x/y', release })], {});
    expect(targets).toMatchObject([{ id: 'custom/rescue', custom: { profile: 'rescue', release } }]);
  });

  it('says why a profile follows nothing', () => {
    const { targets, skipped } = planSync(
      [
        profile('a', { ...flatcar, update: 'manual' }),
        profile('b', { system: 'custom', kernel: 'x/y' }),
        profile('c', { system: 'flatcar' }),
        profile('d', flatcar),
      ],
      { d: { version: '1.2.3', until: 'unpinned' } },
    );
    expect(targets).toEqual([]);
    expect(skipped.map(({ why }) => why)).toEqual([
      'its "update" is "manual"',
      'it names its own files',
      'it names no "version": write any, the sync then keeps it current',
      'pinned to 1.2.3 by `pilotlight sync --pin`',
    ]);
  });

  it('a profile that is held until the next release is still looked up', () => {
    const { targets } = planSync([profile('d', flatcar)], { d: { version: '1.2.3', until: 'next', above: '1.2.4' } });
    expect(targets).toHaveLength(1);
    expect(builds(profile('d', flatcar)).map(targetOf)).toEqual(['flatcar/stable/amd64']);
  });

  it('a profile for either processor follows the builds for both', () => {
    const { targets } = planSync([profile('e', { ...flatcar, arch: 'auto' })], {});
    expect(targets.map(({ id, arch, profiles }) => [id, arch, profiles[0]?.arch])).toEqual([
      ['flatcar/stable/amd64', 'amd64', 'amd64'],
      ['flatcar/stable/arm64', 'arm64', 'arm64'],
    ]);
  });
});
