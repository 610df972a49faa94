import { expect, test } from 'vitest';
import { checkDocument } from '../../src/documents/document.ts';

function check(autoinstall: string): readonly string[] {
  const text = `#cloud-config\nautoinstall:\n${autoinstall.replaceAll(/^(?=.)/gm, '  ')}`;
  return checkDocument('nocloud', text, { file: 'u', system: 'ubuntu' }).map(
    ({ severity, message, remedy, place: { line, key } }) =>
      `${severity} ${String(line ?? '-')} ${key ?? '-'} ${message} (${remedy ?? ''})`,
  );
}

const WHOLE = `version: 1
interactive-sections: [network]
early-commands:
- echo a
- [sh, -c, echo]
locale: en_US.UTF-8
refresh-installer: {update: yes, channel: latest/edge}
keyboard: {layout: us, variant: '', toggle: null}
source: {id: ubuntu-server, search_drivers: false}
network: {version: 2, ethernets: {any: {match: {name: 'e*'}, dhcp4: true}}}
proxy: null
apt: {geoip: true, preserve_sources_list: false, primary: [], fallback: abort, mirror-selection: {}}
storage: {layout: {name: lvm}, swap: {size: 0}}
identity: {hostname: a, username: b, password: '$6$x', realname: ''}
ssh: {install-server: true, authorized-keys: [ssh-ed25519 AAAA a], allow-pw: false}
codecs: {install: false}
drivers: {install: true}
oem: {install: auto}
snaps: [{name: etcd, channel: edge, classic: false}]
debconf-selections: |
  a b string c
packages: [curl]
kernel: {flavor: hwe}
kernel-crash-dumps: {enabled: null}
timezone: Europe/Prague
updates: security
shutdown: reboot
late-commands: [curtin in-target -- true]
error-commands: [tar c /var/log]
reporting: {builtin: {type: print}}
user-data: {disable_root: false}
`;

test('what the reference manual has is right', () => {
  expect(check(WHOLE)).toEqual([]);
});

const USER = 'identity: {hostname: a, username: b, password: c}\n';
test.each([
  [USER, 'error 2 autoinstall the key "version" is missing (add "version: 1")'],
  [`version: 2\n${USER}`, 'error 3 autoinstall.version version "2" is not known (write "version: 1")'],
  [`version: "1"\n${USER}`, 'error 3 autoinstall.version this is text and must be a whole number'],
  [`version: 1\n${USER}storage:\n`, 'error 5 autoinstall.storage this is empty and must be a map of keys'],
  ['version: 1\nidentity: {hostname: a, username: b}\n', 'error 4 autoinstall.identity the key "password" is missing'],
  [
    'version: 1\nidentity: {hostname: 7, username: b, password: c}\n',
    'autoinstall.identity.hostname this is a number and must be text',
  ],
  [`version: 1\n${USER}late-commands: reboot\n`, 'error 5 autoinstall.late-commands this is text and must be a list'],
  [`version: 1\n${USER}late-commands: [{a: b}]\n`, 'this is a map of keys and must be text'],
  [`version: 1\n${USER}packages: [[a]]\n`, 'this is a list and must be text'],
  [`version: 1\n${USER}keyboard: {variant: x}\n`, 'autoinstall.keyboard the key "layout" is missing'],
  [
    `version: 1\n${USER}updates: none\n`,
    'error 5 autoinstall.updates "none" is not known here (write "security" or "all")',
  ],
  [
    `version: 1\n${USER}late-command: []\n`,
    'warning 5 autoinstall.late-command unknown key "late-command" (did you mean "late-commands"?)',
  ],
  [`version: 1\n${USER}ssh: {install-server: maybe}\n`, 'this is text and must be true or false'],
  ['version: 1\n', 'warning 2 autoinstall neither "identity" nor "user-data" makes a user: the installer stops for it'],
])('%j', (text, finding) => {
  const found = check(text);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(finding);
});

test('keys that are not indented are not part of it', () => {
  const text = '#cloud-config\nautoinstall:\nversion: 1\n';
  expect(checkDocument('nocloud', text, { file: 'u', system: 'ubuntu' })).toMatchObject([
    {
      severity: 'error',
      place: { line: 2 },
      message: '"autoinstall" is empty: what stands below it is not part of it',
    },
  ]);
});

test('what a person answers at the screen need not be there', () => {
  expect(check('version: 1\ninteractive-sections: ["*"]\n')).toEqual([]);
  expect(check('version: 1\nuser-data: {users: [default]}\n')).toEqual([]);
});

test('cloud-config of cloud-init is not held against it', () => {
  const text = '#cloud-config\nversion: x\npackages: curl\n';
  expect(checkDocument('nocloud', text, { file: 'u', system: 'custom' })).toEqual([]);
});
