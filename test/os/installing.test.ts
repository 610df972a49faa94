import { describe, expect, it } from 'vitest';
import { installation, installDisk, installImage, installsFromShelf } from '../../src/os/installing.ts';
import { inputOf, installInputOf, profileOf } from './sample.ts';

const install = { disk: '/dev/sda' };

describe('installing', () => {
  it('takes devices for disks, and nothing else', () => {
    expect(installDisk(profileOf({}))).toBeUndefined();
    for (const disk of ['/dev/nvme0n1', '/dev/disk/by-id/nvme-X_1.2:3+4@5']) {
      expect(installDisk(profileOf({ install: { disk } }))).toBe(disk);
    }
    for (const disk of ['sda', '/dev/', '/dev/sda x', '/dev/sda\nx', "/dev/s'a", '/etc/passwd']) {
      expect(() => installDisk(profileOf({ install: { disk } }))).toThrow(
        expect.objectContaining({ place: { file: 'profiles/sample.json', key: 'install.disk' } }),
      );
    }
  });

  it('installs a machine that says who it is', () => {
    expect(installation(installInputOf(profileOf({})))).toBeUndefined();
    expect(installation(installInputOf(profileOf({ install })))?.report).toMatch(/\/installed\//);
    expect(() => installation(inputOf(profileOf({ install })))).toThrow('only a machine that says who it is');
  });

  it('knows whose image must lie here', () => {
    expect(installsFromShelf(profileOf({ install }))).toBe(true);
    expect(installsFromShelf(profileOf({ system: 'flatcar', install }))).toBe(true);
    expect(installsFromShelf(profileOf({ system: 'flatcar' }))).toBe(false);
    expect(installsFromShelf(profileOf({ system: 'fedora-coreos', install }))).toBe(false);
    expect(installImage('coreos', 'amd64-usr/1.0.0')).toEqual([
      { kind: 'shelf', path: 'amd64-usr/1.0.0/coreos_production_image.bin.bz2' },
      { kind: 'shelf', path: 'amd64-usr/1.0.0/coreos_production_image.bin.bz2.sig' },
    ]);
  });
});
