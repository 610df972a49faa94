import { expect, test } from 'vitest';
import { adaptCloudConfig } from '../../src/documents/adapt-cloud-config.ts';

const FLATCAR = { ip: '192.0.2.1', underscoreKeys: true };

test('keys change, and nothing else does: not values, comments, blocks, line ends or indentation', () => {
  const text =
    '#cloud-config\r\n' +
    'ssh-authorized-keys:   # ssh-authorized-keys: a comment\r\n' +
    '  - ssh-rsa AAAA a-b: c\r\n' +
    '"write-files":\r\n' +
    '  - path: /etc/a-b\r\n' +
    '    content: |-\r\n' +
    '      no-key: $private_ipv4\r\n' +
    "coreos: {update: {reboot-strategy: etcd-lock}, units: [{name: a-b.service, 'drop-ins': [{name: 10-x.conf}]}]}\r\n";
  const wanted =
    '#cloud-config\r\n' +
    'ssh_authorized_keys:   # ssh-authorized-keys: a comment\r\n' +
    '  - ssh-rsa AAAA a-b: c\r\n' +
    '"write_files":\r\n' +
    '  - path: /etc/a-b\r\n' +
    '    content: |-\r\n' +
    '      no-key: 192.0.2.1\r\n' +
    "coreos: {update: {reboot_strategy: etcd-lock}, units: [{name: a-b.service, 'drop_ins': [{name: 10-x.conf}]}]}\r\n";
  expect(adaptCloudConfig(text, FLATCAR)).toBe(wanted);
  expect(adaptCloudConfig(wanted, FLATCAR)).toBe(wanted);
});

test('keys stay for a system that takes them as they are', () => {
  const text = '#cloud-config\nssh-authorized-keys: [$private_ipv4]\n';
  expect(adaptCloudConfig(text, { ip: '192.0.2.1', underscoreKeys: false })).toBe(
    text.replace('$private_ipv4', '192.0.2.1'),
  );
});

test('a key whose other spelling is there stays: twice the same would be an error', () => {
  const text = '#cloud-config\nwrite-files: []\nwrite_files: []\nno-create_home: 1\nno_create-home: 2\n';
  expect(adaptCloudConfig(text, FLATCAR)).toBe(text.replace('no-create_home', 'no_create_home'));
});

test('what aliases share is rewritten once, their names are not', () => {
  const text = '#cloud-config\na: &x-y {b-c: 1}\nd: *x-y\ne: {<<: *x-y}\n*x-y : 1\n';
  expect(adaptCloudConfig(text, FLATCAR)).toBe(text.replace('b-c', 'b_c'));
});

test('of a key that stands there twice the last one counts, wherever others stand', () => {
  const text = '#cloud-config\nx-y: 1\nm-n: 2\nx-y: 3\n';
  expect(adaptCloudConfig(text, FLATCAR)).toBe('#cloud-config\nx-y: 1\nm_n: 2\nx_y: 3\n');
});

test('a key that is a text block stays', () => {
  const text = '#cloud-config\n? |-\n  a-b\n: 1\n';
  expect(adaptCloudConfig(text, FLATCAR)).toBe(text);
});

test('scripts get the variables, and text that is no YAML keeps its keys', () => {
  expect(adaptCloudConfig('#!/bin/sh\necho a-b: $public_ipv4\n', FLATCAR)).toBe('#!/bin/sh\necho a-b: 192.0.2.1\n');
  expect(adaptCloudConfig('#cloud-config\na-b: [\n', FLATCAR)).toBe('#cloud-config\na-b: [\n');
  expect(adaptCloudConfig('# no header\na-b: 1\n', FLATCAR)).toBe('# no header\na-b: 1\n');
  expect(adaptCloudConfig('', FLATCAR)).toBe('');
});

test('without an address the variables stay', () => {
  expect(adaptCloudConfig('#cloud-config\na-b: $private_ipv4\n', { underscoreKeys: true })).toBe(
    '#cloud-config\na_b: $private_ipv4\n',
  );
});
