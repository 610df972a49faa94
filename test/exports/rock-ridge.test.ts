import { expect, it } from 'vitest';
import { announcement, EXTENSION, named, rights } from '../../src/exports/iso9660.ts';

it('says who may read: the owner alone', () => {
  const bytes = rights({ folder: false, links: 1 });
  expect(bytes.toString('latin1', 0, 2)).toBe('PX');
  expect([bytes[2], bytes[3], bytes.length]).toEqual([36, 1, 36]);
  expect([bytes.readUInt32LE(4), bytes.readUInt32BE(8)]).toEqual([0o100_400, 0o100_400]);
  expect(rights({ folder: true, links: 3 }).readUInt32LE(4)).toBe(0o040_500);
  expect(rights({ folder: true, links: 3 }).readUInt32LE(12)).toBe(3);
});

it('says the real name after the rights', () => {
  const bytes = named({ name: 'user_data', folder: false, links: 1 });
  expect(bytes.toString('latin1', 36)).toBe('NM\x0e\x01\0user_data');
});

it('is announced by the root, which points to what it is', () => {
  const bytes = announcement(20);
  expect(bytes.toString('hex', 0, 7)).toBe('53500701beef00');
  expect(bytes.toString('latin1', 7, 9)).toBe('CE');
  expect([bytes.readUInt32LE(11), bytes.readUInt32LE(27)]).toEqual([20, EXTENSION.length]);
  expect(EXTENSION.toString('latin1', 8, 18)).toBe('RRIP_1991A');
  expect(EXTENSION[2]).toBe(EXTENSION.length);
});
