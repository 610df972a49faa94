import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isoImage } from '../../src/exports/iso9660.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';

const long = Buffer.alloc(5001, 'long');
const FILES = [
  { path: 'openstack/latest/user_data', bytes: long },
  { path: 'openstack/latest/meta_data.json', bytes: Buffer.from('{}\n') },
  { path: 'openstack/latest/empty', bytes: Buffer.alloc(0) },
  { path: 'also/here.txt', bytes: Buffer.from('here') },
];
const image = (): Buffer => isoImage('config-2', FILES);

describe('an ISO image', () => {
  it('has whole sectors, descriptors where everybody looks, and its label', () => {
    const bytes = image();
    expect(bytes.length % 2048).toBe(0);
    expect(bytes.subarray(0, 16 * 2048).every((byte) => byte === 0)).toBe(true);
    expect(bytes.toString('latin1', 16 * 2048, 16 * 2048 + 7)).toBe('\x01CD001\x01');
    expect(bytes.toString('latin1', 16 * 2048 + 40, 16 * 2048 + 72)).toBe('config-2'.padEnd(32));
    expect(bytes.toString('latin1', 17 * 2048, 17 * 2048 + 7)).toBe('\xffCD001\x01');
    expect(bytes.readUInt32LE(16 * 2048 + 80)).toBe(bytes.length / 2048);
    expect(bytes.readUInt32BE(16 * 2048 + 84)).toBe(bytes.length / 2048);
  });

  it('of the same files is the same, on any day', () => {
    expect(image().equals(image())).toBe(true);
    expect(createHash('sha256').update(image()).digest('hex')).toBe(
      '039b2ce05a0a22fdb6ac9989677234d9c37f3acf1835ccfe7770b46619cd51b7',
    );
  });

  it('refuses more files than a folder’s sector holds', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ path: `d/f${i}`, bytes: Buffer.alloc(1) }));
    expect(() => isoImage('x', many)).toThrow(RangeError);
  });
});

// Debian: genisoimage.
needs({ commands: ['isoinfo'] }).describe('isoinfo', () => {
  function isoinfo(args: readonly string[]): Buffer {
    const file = join(makeFolder(), 'x.iso');
    writeFileSync(file, image());
    return execFileSync('isoinfo', [...args, '-i', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  it('finds every file under its real name, byte for byte, for root alone', () => {
    expect(isoinfo(['-f', '-R']).toString().trim().split('\n').toSorted()).toEqual([
      '/also',
      '/also/here.txt',
      '/openstack',
      '/openstack/latest',
      '/openstack/latest/empty',
      '/openstack/latest/meta_data.json',
      '/openstack/latest/user_data',
    ]);
    for (const { path, bytes } of FILES) expect(isoinfo(['-R', '-x', `/${path}`])).toEqual(bytes);
    const rows = isoinfo(['-l', '-R']).toString();
    expect(rows).toMatch(/^-r-------- {3}1 {4}0 {4}0 +5001 Jan +1 1980 .* user_data $/m);
    expect(rows).toMatch(/^dr-x------ {3}3 {4}0 {4}0 +2048 Jan +1 1980 .* openstack $/m);
  });

  it('finds them under short names without Rock Ridge, and by the path table', () => {
    expect(isoinfo(['-x', '/OPENSTACK/LATEST/USER_DATA.;1'])).toEqual(long);
    expect(isoinfo(['-p']).toString()).toMatch(/1 17 OPENSTACK\n.*: +3 18 LATEST\n$/);
  });

  it('says what it is', () => {
    const about = isoinfo(['-d']).toString();
    expect(about).toContain('Volume id: config-2\n');
    expect(about).toContain('Rock Ridge signatures version 1 found');
  });
});
