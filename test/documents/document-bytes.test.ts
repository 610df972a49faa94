import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkDocumentBytes } from '../../src/documents/document.ts';
import type { DocumentKind, SystemId } from '../../src/model/profile.ts';

const LATIN = Buffer.from('#cloud-config\n# caf\xe9\nhostname: a\n', 'latin1');

function check(kind: DocumentKind, bytes: Buffer, system: SystemId): readonly string[] {
  return checkDocumentBytes(kind, bytes, { file: 'a', system }).map(
    ({ severity, message, place: { line } }) => `${severity} ${String(line ?? '-')} ${message}`,
  );
}

test('case 15-not-utf8: a document that its reader refuses or misreads is an error with its line', () => {
  expect(check('cloud_config', LATIN, 'coreos')).toEqual([
    'error 2 not UTF-8, line 2: the machine refuses the whole document',
  ]);
  expect(check('nocloud', LATIN, 'ubuntu')[0]).toContain('error 2 not UTF-8, line 2: ');
  const name = Buffer.from('# Ren\xe9\nd-i passwd/user-fullname string Ren\xe9\n', 'latin1');
  expect(check('preseed', name, 'debian')[0]).toContain('error 2 not UTF-8, line 2: ');
  const ign = Buffer.from('{"ignition": {"version": "3.3.0"}, "storage": {"files": [{"path": "/\xe9"}]}}', 'latin1');
  expect(check('ignition', ign, 'flatcar')[0]).toContain('error 1 not UTF-8, line 1: ');
  // What Windows calls Unicode.
  expect(check('cloud_config', Buffer.from('\ufeff#cloud-config\n', 'utf16le'), 'coreos')[0]).toContain('not UTF-8');
});

test('what its reader does not read as text may have any bytes', () => {
  expect(check('preseed', Buffer.from('# Ren\xe9\nd-i a/b string c\n', 'latin1'), 'debian')).toEqual([]);
  expect(check('cloud_config', Buffer.from('#!/bin/sh\necho \xe9\n', 'latin1'), 'coreos')).toEqual([]);
  expect(check('nocloud', Buffer.from('#cloud-boothook\necho \xe9\n', 'latin1'), 'ubuntu')).toEqual([]);
  expect(check('generic', Buffer.from([0, 255]), 'custom')).toEqual([]);
});

test('case 18-nocloud-gzip: gzipped user-data are fine, and it is said that they are not checked', () => {
  const packed = gzipSync('#cloud-config\nautoinstall:\n  version: 1\n');
  for (const [kind, system] of [
    ['nocloud', 'ubuntu'],
    ['cloud_config', 'flatcar'],
  ] as const) {
    const [found, ...more] = check(kind, packed, system);
    expect(found).toContain('warning - gzipped user-data are delivered as they are, without being checked');
    expect(more).toEqual([]);
  }
  // Ignition unpacks no configuration.
  expect(check('ignition', packed, 'flatcar')[0]).toContain('error');
});
