import { expect, test } from 'vitest';
import { buildProfile } from '../../src/catalog/build-profile.ts';
import { type JsonObject, parseName, type Profile } from '../../src/model/profile.ts';

const NAME = parseName('p');

function build(raw: JsonObject): Profile {
  if (NAME === undefined) throw new Error('p is a name');
  return buildProfile(NAME, 'profiles/p.json', raw);
}

test('an empty profile has its defaults and nothing else', () => {
  expect(build({})).toEqual({
    name: 'p',
    file: 'profiles/p.json',
    system: 'coreos',
    arch: 'amd64',
    channel: 'stable',
    update: 'auto',
    version: '',
    console: [],
    kernel_args: [],
    initrd: [],
    vars: {},
    nodes: [],
    default: false,
    local_boot: 'auto',
    boot: 'image',
    phone_home: false,
    ssh_host_keys: false,
    secrets: false,
    secure_boot: false,
    raw: {},
  });
});

test('empty and null mean "not set", as for coreos-ipxe-server', () => {
  const empty = { cloud_config: '', coreos_autologin: '', root: '', rootfstype: '', sshkey: '', version: '' };
  const nulls = {
    cloud_config: null,
    console: null,
    coreos_autologin: null,
    root: null,
    rootfstype: null,
    sshkey: null,
    version: null,
  };
  expect({ ...build(empty), raw: {} }).toEqual(build({}));
  expect({ ...build(nulls), raw: {} }).toEqual(build({}));
});

test('what is set is kept', () => {
  const raw = {
    system: 'custom',
    arch: 'arm64',
    channel: 'beta',
    update: 'manual',
    version: '1.0',
    console: ['tty0'],
    coreos_autologin: 'ttyS0',
    root: '/dev/sda1',
    rootfstype: 'btrfs',
    sshkey: 'k',
    cloud_config: 'a',
    ignition: 'b',
    preseed: 'c',
    kickstart: 'd',
    nocloud: 'e',
    generic: 'f',
    kernel_args: ['quiet'],
    kernel: 'x/y',
    initrd: ['x/z'],
    vars: { a: 1 },
    default: true,
    local_boot: 'exit0',
    boot: 'local',
    install: { disk: '/dev/sda' },
    boot_timeout: 600,
    phone_home: true,
    menu: 'Rescue',
    cluster: { name: 'lab', size: 5, mode: 'discovery', state: 'existing' },
    ssh_host_keys: true,
    secrets: true,
  };
  expect(build(raw)).toMatchObject(raw);
});

test('a cluster is founded by its members unless it says otherwise', () => {
  expect(build({ cluster: { name: 'lab' } }).cluster).toEqual({ name: 'lab', mode: 'static', state: 'new' });
});

test('one initrd may be written without a list', () => {
  expect(build({ initrd: 'x/z' }).initrd).toEqual(['x/z']);
});

test('nodes have their identities in one spelling', () => {
  const { nodes } = build({
    nodes: [
      {
        name: 'a',
        mac: '52-54-00-55-1C-EE',
        uuid: 'C6C30F6A-4a1b-4337-8325-c4c2543ad437',
        serial: ' CZC12 ',
        ip: '10.0.0.1',
        vars: { r: 1 },
      },
      { name: 'b', serial: 'x' },
    ],
  });
  expect(nodes).toEqual([
    {
      name: 'a',
      mac: '52:54:00:55:1c:ee',
      uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437',
      serial: 'CZC12',
      ip: '10.0.0.1',
      vars: { r: 1 },
    },
    { name: 'b', serial: 'x', vars: {} },
  ]);
});
