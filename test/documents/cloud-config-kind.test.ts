import { expect, test } from 'vitest';
import { cloudConfigKind, firstLine, headerRemedy } from '../../src/documents/cloud-config-kind.ts';

test.each([
  ['#cloud-config\na: 1\n', 'cloud-config'],
  ['#cloud-config', 'cloud-config'],
  ['#cloud-config  \t\r\na: 1\r\n', 'cloud-config'],
  ['#!/bin/sh\n', 'script'],
  ['', 'empty'],
  ['Content-Type: multipart/mixed; boundary=x\n', 'multipart'],
  ['MIME-Version: 1.0\n', 'multipart'],
  [' {"ignition": {"version": "2.0.0"}}', 'ignition'],
  ['{"ignitionVersion": 1}', 'ignition'],
  ['{"a": 1}', 'unknown'],
  ['\ufeff#cloud-config\n', 'unknown'],
  ['\n#cloud-config\n', 'unknown'],
  ['# a\n#cloud-config\n', 'unknown'],
  ['#cloud-config foo\n', 'unknown'],
  ['#Cloud-Config\n', 'unknown'],
  [' #cloud-config\n', 'unknown'],
  ['#cloud-conf\n', 'unknown'],
])('%j is %s', (text, kind) => {
  expect(cloudConfigKind(text)).toBe(kind);
});

test.each([
  ['\ufeff#cloud-config\n', 'byte order mark'],
  ['#cloud-config foo\n', 'nothing else'],
  ['#Cloud-Config\n', 'nothing else'],
  ['\n\n#cloud-config\n', 'very first line'],
  ['# cloud-config\n', 'very first line'],
  ['hostname: a\n', 'begin the file'],
])('%j: %s', (text, remedy) => {
  expect(headerRemedy(text)).toContain(remedy);
});

test('the first line without what is behind it', () => {
  expect(firstLine('a \r\nb')).toBe('a');
  expect(firstLine('')).toBe('');
});
