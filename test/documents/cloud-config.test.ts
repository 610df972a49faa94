import { describe, expect, test } from 'vitest';
import {
  checkCloudConfig,
  checkCloudConfigSchema,
  childSchema,
  cloudConfigKind,
  cloudConfigSchema,
  type CloudConfigTarget,
  firstLine,
  headerRemedy,
  knownKeys,
  resolved,
} from '../../src/documents/cloud-config.ts';
import { checkVariables } from '../../src/documents/adapt-cloud-config.ts';
import { Diagnostics } from '../../src/text/diagnostics.ts';

test('both spellings of a key lead to the same place', () => {
  const a = childSchema(cloudConfigSchema, 'write-files');
  expect(a).toBeDefined();
  expect(childSchema(cloudConfigSchema, 'write_files')).toBe(a);
  expect(childSchema(cloudConfigSchema, 'writefiles')).toBeUndefined();
  expect(childSchema(cloudConfigSchema, 'constructor')).toBeUndefined();
  expect(childSchema(undefined, 'a')).toBeUndefined();
});

test('the known keys are underscored', () => {
  expect(knownKeys(cloudConfigSchema)).toEqual([
    'coreos',
    'hostname',
    'users',
    'ssh_authorized_keys',
    'write_files',
    'manage_etc_hosts',
  ]);
  expect(knownKeys(undefined)).toEqual([]);
});

test('deprecation stands beside the reference, the keys behind it', () => {
  const fleet = childSchema(childSchema(cloudConfigSchema, 'coreos'), 'fleet');
  expect(fleet?.deprecated).toBe(true);
  expect(knownKeys(fleet)).toContain('public_ip');
  expect(resolved(fleet)?.type).toBe('object');
});

test.each([
  [{ coreos: { units: [{ name: 'a', command: 'start', drop_ins: [{ name: 'b' }] }] } }, []],
  [{ coreos: { units: [{ command: 'begin' }] } }, ['anyOf']],
  [{ coreos: { update: { 'reboot-strategy': 'off' } } }, []],
  [{ write_files: [{ path: '/usr/bin/a' }] }, ['not']],
  [{ write_files: [{ path: '//./usrx/a', permissions: '0644' }] }, ['not']],
  [{ write_files: [{ path: '/var/usr/a', permissions: '' }] }, []],
  [{ write_files: [{ permissions: '9' }] }, ['anyOf']],
  [{ users: [{ groups: 'a' }] }, ['type']],
  [{ hostname: 5, nope: 1 }, ['additionalProperties']],
])('%j: %j', (value, keywords) => {
  const found = checkCloudConfigSchema(value).map(({ keyword }) => keyword);
  expect(found.filter((keyword) => ['anyOf', 'not', 'type', 'additionalProperties'].includes(keyword))).toEqual(
    keywords,
  );
});

test('a long duration does not keep the pattern busy', () => {
  const started = performance.now();
  checkCloudConfigSchema({ coreos: { locksmith: { window_length: `${'a'.repeat(50_000)}!` } } });
  expect(performance.now() - started).toBeLessThan(5000);
});

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

function check(text: string, target: CloudConfigTarget = {}) {
  const findings = new Diagnostics(text);
  checkCloudConfig(text, target, findings);
  return findings
    .sorted()
    .map(({ severity, message, place: { line, key } }) => `${severity} ${line ?? 0} ${key ?? '-'} ${message}`);
}

describe('what the text is', () => {
  test.each([
    ['', 'warning 0 - the document is empty: the machine is not configured'],
    ['MIME-Version: 1.0\n', 'error 1 - only Flatcar reads MIME multipart'],
    ['{"ignition": {}}', 'error 1 - this is Ignition JSON; coreos-cloudinit leaves it alone'],
    ['hostname: a', 'error 1 - the first line must be exactly "#cloud-config"'],
    ['#cloud-config\n- a\n', 'error 2 - the document is a list, not a map of keys'],
    ['#cloud-config\nhello\n', 'error 2 - the document is one line of text, not a map of keys'],
  ])('%j', (text, finding) => {
    expect(check(text, { system: 'coreos' })).toEqual([finding]);
  });
  test.each(['#!/bin/sh\nexit', '#cloud-config', '#cloud-config\n# nothing\n'])('%j is fine', (text) => {
    expect(check(text)).toEqual([]);
  });
  test('Flatcar reads multipart', () => {
    expect(check('MIME-Version: 1.0\n', { system: 'flatcar' })).toEqual([]);
  });
});

describe('words that YAML takes for something else stay words', () => {
  test.each(['reboot_strategy: off', 'reboot-strategy: reboot', 'reboot_strategy:'])('%s', (line) => {
    expect(check(`#cloud-config\ncoreos: {update: {${line}}}\n`)).toEqual([]);
  });
  test('0644 without quotes is four digits', () => {
    expect(check('#cloud-config\nwrite_files:\n- {path: /a, permissions: 0644}\n')).toEqual([]);
    expect(check('#cloud-config\nwrite_files:\n- {path: /a, permissions: 0999}\n')).toHaveLength(1);
  });
});

describe('keys at the wrong place', () => {
  test('are told where they belong', () => {
    expect(check('#cloud-config\nupdate: {group: beta}\ncoreos:\n  write_files: []\n  hostnam: a\n')).toEqual([
      'warning 2 update "update" belongs below coreos:',
      'warning 4 coreos.write_files "write_files" belongs at the left edge, beside coreos:',
      'warning 5 coreos.hostnam unknown key "hostnam"',
    ]);
  });

  test.each([
    ['ssh_authorized_keys:\n- ssh-rsa AAAAB3Nzusers:\n- name: a\n  zzz: 1\n', 'ssh_authorized_keys[0]', 'users:'],
    ['users:\n- name: a\n  groups:\n  - dockercoreos:\n', 'users[0].groups[0]', 'coreos:'],
  ])('a key that was swallowed by the text before it: %j', (text, key, swallowed) => {
    const [found, ...more] = check(`#cloud-config\n${text}`);
    expect(found).toMatch(/^warning \d+ /);
    expect(found).toContain(`${key} a line break is missing before \`${swallowed}\``);
    expect(more).toEqual([]);
  });

  test('a map where text belongs is nothing of the kind', () => {
    expect(check('#cloud-config\nssh_authorized_keys:\n- key: a\n')).toEqual([
      'warning 3 ssh_authorized_keys[0] this is a map of keys and must be text',
    ]);
  });
});

describe('units that Flatcar no longer has', () => {
  const text = '#cloud-config\ncoreos:\n  units:\n  - {name: etcd.service, command: start}\n';
  test('are said there and nowhere else, and not when they are given', () => {
    expect(check(text, { system: 'flatcar' })[0]).toContain(
      '4 coreos.units[0].name "etcd.service" does not exist there',
    );
    expect(check(text, { system: 'coreos' })).toEqual([]);
    const own = text.replace('command', 'content: "[Service]", command');
    expect(check(own, { system: 'flatcar' })).toEqual([]);
  });
});

describe('hyphens', () => {
  const text = '#cloud-config\nhostname: a\nssh-authorized-keys: []\ncoreos:\n  update: {reboot-strategy: off}\n';
  test('are nothing to CoreOS', () => {
    expect(check(text, { system: 'coreos' })).toEqual([]);
    expect(check(text)).toEqual([]);
  });
  test('are mended for nodes on Flatcar, and said once for everyone else there', () => {
    expect(check(text, { system: 'flatcar', node: { name: 'a' } })).toEqual([]);
    expect(check(text, { system: 'flatcar' })).toEqual([
      'warning 3 ssh-authorized-keys Flatcar ignores keys with a hyphen ("ssh-authorized-keys"); only listed nodes get them spelled right',
    ]);
  });
  test('beside underscores lose what they say on Flatcar', () => {
    const both = '#cloud-config\nwrite-files: []\nwrite_files: []\n';
    expect(check(both, { system: 'coreos' })).toEqual([
      'warning 2 write-files both "write-files" and "write_files" are given',
    ]);
    const flatcar = check(both, { system: 'flatcar', node: { name: 'a' } });
    expect(flatcar).toEqual([
      'error 2 write-files both "write-files" and "write_files" are given: Flatcar ignores the first',
    ]);
  });
});

test('a key twice is an error to the YAML reader of Flatcar alone', () => {
  const text = '#cloud-config\nhostname: a\nhostname: b\n';
  expect(check(text, { system: 'flatcar' })[0]).toContain('error 3');
  expect(check(text, { system: 'coreos' })[0]).toContain('warning 3');
});

test('variables need an address', () => {
  const text = '#cloud-config\nhostname: $private_ipv4\n# \\$public_ipv4 $public_ipv6\n';
  const say = (node?: { name: string; ip?: string }) => {
    const findings = new Diagnostics(text);
    checkVariables(text, node === undefined ? {} : { node }, findings);
    return findings.sorted().map(({ message, place: { line } }) => `${line ?? 0} ${message}`);
  };
  expect(say()).toEqual([]);
  expect(say({ name: 'a' })).toEqual([
    '2 $private_ipv4 has no value: the node "a" has no ip',
    '3 $public_ipv6 has no value: the node "a" has no IPv6 ip',
  ]);
  expect(say({ name: 'a', ip: '192.0.2.1' })).toHaveLength(1);
});

test('unknown keys name their neighbour, or what there is', () => {
  const findings = new Diagnostics('');
  checkCloudConfig('#cloud-config\nhostnam: a\npackages: []\n', {}, findings);
  expect(findings.sorted().map(({ remedy }) => remedy)).toEqual([
    'did you mean "hostname"?',
    'known here: coreos, hostname, users, ssh_authorized_keys, write_files, manage_etc_hosts',
  ]);
});
