import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { createBootService } from '../../src/boot/answer.ts';
import { checkDocument } from '../../src/documents/document.ts';
import type { SystemId } from '../../src/model/profile.ts';
import { factsOf, contextOf, originOf } from '../support/app-context.ts';

// The cloud-configs that people copy from articles of 2014 to 2017 go wrong in a few ways, again and again.
const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 '), Buffer.alloc(32, 7)]).toString('base64')}`;

/** Keys of a list's entry further right than its first: printed in an article about etcd 0.4. */
const INDENTED = `#cloud-config
    ssh_authorized_keys:
        - ${KEY} core@one
    coreos:
        etcd:
            discovery: https://discovery.example/0123
            addr: $private_ip:4001
            peer-addr: $private_ip:7001
    units:
        - name: etcd.service
            command: start
        - name: fleet.service
            command: start
`;
/** The same with its entries straight. */
const STRAIGHT = INDENTED.replaceAll('            command', '          command');

/** A second hyphen in front of one user's keys; hyphens in a key. */
const TWO_USERS = `#cloud-config

hostname: two
coreos:
    units:
        - name: docker.service
          command: start
        - name: static.network
          content: |
            [Match]
            Name=enp0s3
            [Network]
            Address=192.0.2.20/24
users:
    - name: alice
      ssh-authorized-keys:
        - ${KEY} alice@two
    - groups:
        - sudo
        - docker
`;

/** A page that lost the line end before \`write-files:\`, and fleet. */
const GLUED = `#cloud-config
hostname: three.lab.example
users:
  - name: bob
    groups:
      - sudo
    ssh-authorized-keys:
      - ${KEY} bob@threewrite-files:
  - path: /home/bob/.bashrc
    permissions: '0644'
    content: |
      alias ll='ls -l'
coreos:
  units:
    - name: docker.service
      command: start
  fleet:
    etcd_servers: "http://$private_ipv4:2379"
`;
const UNGLUED = GLUED.replace('threewrite-files:', 'three\nwrite-files:');

function faults(text: string, system: SystemId, node = true): readonly string[] {
  const known = node ? { node: { name: 'n', ip: '192.0.2.9' } } : {};
  return checkDocument('cloud_config', text, { file: 'n.yml', system, ...known }).map(
    ({ severity, message, place: { line, key } }) => `${severity} ${String(line)} ${key ?? '-'} ${message}`,
  );
}

describe.each(['coreos', 'flatcar'] as const)('on %s', (system) => {
  test('indentation that is none of YAML is an error at its line', () => {
    const found = faults(INDENTED, system).filter((line) => line.startsWith('error'));
    expect(found[0]).toMatch(/^error 10 - YAML: /);
    expect(found.every((line) => /^error 1[02] - YAML: /.test(line))).toBe(true);
  });

  test('straightened, it says what nobody reads any more', () => {
    expect(faults(STRAIGHT, system)).toEqual([
      'warning 5 coreos.etcd deprecated key "etcd": etcd is no longer shipped in Container Linux',
      'warning 7 - $private_ip is no variable: it stays as it is',
      'warning 9 units "units" belongs below coreos:',
      ...(system === 'flatcar'
        ? [
            'warning 10 units[0].name "etcd.service" does not exist there: Flatcar ships neither fleet nor the first etcd',
            'warning 12 units[1].name "fleet.service" does not exist there: Flatcar ships neither fleet nor the first etcd',
          ]
        : []),
    ]);
  });

  test('a user without a name is named', () => {
    expect(faults(TWO_USERS, system)).toEqual(['warning 18 users[1] a user without a name is skipped']);
  });

  test('a lost line end is said as that, once, and what follows from it is not', () => {
    expect(faults(GLUED, system)).toEqual([
      'warning 8 users[0].ssh-authorized-keys[0] a line break is missing before `write-files:`',
      'warning 17 coreos.fleet deprecated key "fleet": fleet is no longer shipped in Container Linux',
    ]);
  });

  test('put back, only fleet is left', () => {
    expect(faults(UNGLUED, system)).toEqual([
      'warning 18 coreos.fleet deprecated key "fleet": fleet is no longer shipped in Container Linux',
    ]);
  });
});

test('hyphens are said to who serves Flatcar without nodes: the keys would be lost', () => {
  expect(faults(UNGLUED, 'flatcar', false)).toContainEqual(
    expect.stringMatching(/^warning 7 .*Flatcar ignores keys with a hyphen/),
  );
  expect(faults(UNGLUED, 'coreos', false)).not.toContainEqual(expect.stringContaining('hyphen'));
});

test('rendered for a node on Flatcar they keep their SSH keys, their files and an address', async () => {
  const files = {
    'profiles/n.json': {
      system: 'flatcar',
      version: '4593.2.5',
      cloud_config: 'n',
      nodes: [{ name: 'n', mac: '525400551cee', ip: '192.0.2.9' }],
    },
    'configs/n.yml': UNGLUED,
  };
  const { catalog, imageStore } = await contextOf(files);
  const bootService = createBootService({ catalog, imageStore });
  const question = { facts: factsOf({ mac: '525400551cee' }), origin: originOf() };
  const sent = (await bootService.documentOf('cloud_config', question)).body.toString();
  expect(parse(sent)).toMatchObject({
    users: [{ name: 'bob', ssh_authorized_keys: [`${KEY} bob@three`] }],
    write_files: [{ path: '/home/bob/.bashrc' }],
    coreos: { fleet: { etcd_servers: 'http://192.0.2.9:2379' } },
  });
  expect(sent).not.toMatch(/ssh-authorized-keys|write-files/);
});
