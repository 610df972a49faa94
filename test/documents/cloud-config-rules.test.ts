import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkCloudConfigRules, decodingProblem } from '../../src/documents/cloud-config-rules.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';
import { readYaml } from '../../src/text/yaml.ts';

function check(text: string): readonly string[] {
  const findings = new Diagnostics(text);
  const tree = readYaml(text, findings, 'error');
  if (tree?.kind !== 'map') throw new Error('no map');
  checkCloudConfigRules(tree, undefined, findings);
  return findings
    .sorted()
    .map(({ severity, message, place: { key, line } }) => `${severity} ${line ?? 0} ${key ?? '-'} ${message}`);
}

test.each([
  ['users:\n- name: a\n- passwd: b\n', ['warning 3 users[1] a user without a name is skipped']],
  ['users:\n- name: a\n- name: a\n', ['warning 3 users[1] the user "a" stands here twice']],
  ['users: [a]\n', []],
  ['ssh_authorized_keys:\n- ssh-rsa AAAAB3 a\n- foo\n', ['warning 3 ssh_authorized_keys[1] this is no SSH public key']],
  ['ssh-authorized-keys: [foo]\n', ['warning 1 ssh_authorized_keys[0] this is no SSH public key']],
  ['ssh_authorized_keys: ["sk-ssh-ed25519@openssh.com AAAAGnNr x", "from=\\"a b\\" ssh-ed25519 AAAAC3"]\n', []],
  [
    'users:\n- name: a\n  ssh_authorized_keys: [b]\n',
    ['warning 3 users[0].ssh_authorized_keys[0] this is no SSH public key'],
  ],
  ['write_files:\n- content: a\n', ['warning 2 write_files[0] a file without a path']],
  ['write-files:\n- path: a/b\n', ['warning 2 write_files[0].path "a/b" is no absolute path']],
  [
    'write_files:\n- {path: /a, encoding: b64, content: YQ}\n',
    ['error 2 write_files[0].content the content is not base64'],
  ],
  ['write_files:\n- {path: /a, encoding: b64, content: YQ==}\n', []],
  [
    'coreos: {units: [{name: a.service}, {name: a.service}]}\n',
    ['warning 1 coreos.units[1].name the unit "a.service" stands here twice'],
  ],
  ['coreos: {units: [{name: a}]}\n', ['warning 1 coreos.units[0].name "a" is no unit name']],
  ['coreos: {units: [{name: 10-a.network}, {name: a@b.service}, {name: a.link}]}\n', []],
  ['coreos: {units: [{enable: true}]}\n', ['warning 1 coreos.units[0] a unit without a name']],
  [
    'coreos: {units: [{name: a.service, content: x}]}\n',
    ['warning 1 coreos.units[0].content line 1 of the unit stands before any [Section]'],
  ],
  [
    'coreos: {units: [{name: a.service, drop-ins: [{name: a}]}]}\n',
    ['warning 1 coreos.units[0].drop_ins[0] a drop-in must be called NAME.conf'],
  ],
  ['manage_etc_hosts: true\n', ['warning 1 manage_etc_hosts only "localhost" does something here']],
  ['manage-etc-hosts: localhost\n', []],
  ['coreos: {etcd2: {discovery: a}}\n', ['warning 1 coreos.etcd2.discovery "a" is no URL']],
  ['coreos: {etcd: {discovery: "https://192.0.2.1/a"}}\n', []],
])('%j', (text, wanted) => {
  expect(check(text)).toEqual(wanted);
});

test('contents are decoded as coreos-cloudinit does it', () => {
  const gz = gzipSync('hello').toString('base64');
  expect(decodingProblem('', '***')).toBeUndefined();
  expect(decodingProblem('gzip+base64', gz)).toBeUndefined();
  expect(decodingProblem('gz+b64', `${gz.slice(0, 8)}\n${gz.slice(8)}\n`)).toBeUndefined();
  expect(decodingProblem('base64', 'aGVs bG8=')).toBe('the content is not base64');
  expect(decodingProblem('gzip+base64', 'aGVsbG8=')).toBe('the content is not gzip');
  expect(decodingProblem('gzip', 'hello')).toBe('the content is not gzip');
});

test('a gzip that unpacks to gigabytes is not unpacked', () => {
  // Its checksum is wrong, which only who unpacks all of it can see.
  const bytes = gzipSync(Buffer.alloc(100 * 1024 * 1024));
  bytes.writeUInt32LE(0x12345678, bytes.length - 8);
  const bomb = bytes.toString('base64');
  const started = performance.now();
  expect(decodingProblem('gzip+base64', bomb)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(5000);
});
