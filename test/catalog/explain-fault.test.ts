import { expect, test } from 'vitest';
import { createProfileCheck } from '../../src/catalog/profile-schema.ts';
import type { Json } from '../../src/model/profile.ts';

const check = createProfileCheck();

function told(value: Json): readonly string[] {
  return check(value).map(({ path, message, remedy }) => `${path.join('/')}: ${message} (${remedy ?? '-'})`);
}

test.each<readonly [Json, string]>([
  [{ cloud_confg: 'a' }, 'cloud_confg: unknown key `cloud_confg` (did you mean `cloud_config`?)'],
  [{ 'cloud-config': 'a' }, 'cloud-config: unknown key `cloud-config` (did you mean `cloud_config`?)'],
  [{ nodes: [{ name: 'a', Mac: 'x' }] }, 'nodes/0/Mac: unknown key `Mac` (did you mean `mac`?)'],
  [
    { mac: '52:54:00:00:00:01' },
    'mac: `mac` is a key of nodes, not of profiles (say it of a machine: "nodes": [{ "name": ..., "mac": ... }])',
  ],
  [{ install: { disk: '/dev/sda', xyzzy: 1 } }, 'install/xyzzy: unknown key `xyzzy` (the keys here are disk)'],
  [{ nodes: [{ mac: '52:54:00:00:00:01' }] }, 'nodes/0: lacks `name` (add "name": "a-coreos")'],
  [{ system: 'flatcr' }, 'system: "flatcr" is not known here (did you mean `flatcar`?)'],
  [{ update: 'zzzzzz' }, 'update: "zzzzzz" is not known here (one of auto, manual)'],
  [{ console: 'tty0' }, 'console: must be a list, not a string (write ["tty0"])'],
  [{ root: 7 }, 'root: must be a string, not a number (write "7")'],
  [{ default: 'yes' }, 'default: must be true or false, not a string (write true)'],
  [{ vars: [] }, 'vars: must be an object, not a list (write a value such as {"timezone": "Europe/Prague"})'],
  [{ ignition: null }, 'ignition: must be a string, not null (write a value such as "worker.ign")'],
  [{ initrd: true }, 'initrd: must be a string or a list, not true (write a value such as "custom/initrd.img")'],
  [[], ': must be an object, not a list (a profile is one JSON object: { ... })'],
  [
    { nodes: [{ name: 'a', uuid: '00000000-0000-0000-0000-000000000000' }] },
    'nodes/0/uuid: an all-zero or all-one UUID identifies no machine: boards that were never given one report it (use mac or serial instead)',
  ],
  [
    { nodes: [{ name: 'a', uuid: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' }] },
    'nodes/0/uuid: an all-zero or all-one UUID identifies no machine: boards that were never given one report it (use mac or serial instead)',
  ],
  [
    { nodes: [{ name: 'a', mac: '00:00:00:00:00:00' }] },
    'nodes/0/mac: "00:00:00:00:00:00" is no network card\'s address (write the address that the machine shows when it boots)',
  ],
  [
    { kernel_args: [`a=${'x'.repeat(1100)}`] },
    expect.stringMatching(/^kernel_args\/0: "a=x+\.\.\. is too long: 1102 characters \(/),
  ],
  [
    { nodes: [{ name: 'a', mac: '52:54:00:00:00' }] },
    'nodes/0/mac: "52:54:00:00:00" is not a MAC address (write it as 52:54:00:55:1c:ee, 52-54-00-55-1c-ee, 5254.0055.1cee or 525400551cee)',
  ],
  [
    { nodes: [{ name: 'a', ip: '10.0.0.1/24' }] },
    'nodes/0/ip: "10.0.0.1/24" is not an IP address alone (write an address such as 192.168.122.2 or 2001:db8::2, without a prefix length)',
  ],
  [
    { vars: { '1a': 1 } },
    'vars/1a: "1a" cannot be a name here (a variable\'s name is letters, digits, underscore and hyphen, and does not begin with a digit)',
  ],
])('%j', (value, line) => {
  expect(told(value)).toEqual([line]);
});

test.each([
  ['a\nb', 'holds a line break'],
  ['a\u2028b', 'holds a line break'],
  ['a\u001bb', 'holds a character that is not printable ASCII'],
  ['${x}', 'holds ${, which iPXE would expand'],
  ['a #b', 'holds a word that begins with #: iPXE drops it and everything after it'],
  ['a && b', 'holds a stand-alone ; && or ||, which ends the command in iPXE'],
  ['a\\', 'holds a backslash at the end of a word, where iPXE joins lines'],
  [' a', 'is not allowed here'],
])('a kernel argument %j is refused for what is in it', (value, reason) => {
  expect(told({ kernel_args: [value] })[0]).toContain(`${JSON.stringify(value)} ${reason}`);
});

test('long values are cut', () => {
  expect(told({ root: `${'x'.repeat(500)}\n` })[0]).toContain(`"${'x'.repeat(56)}... holds a line break`);
});

test.each<readonly [Json, string]>([
  ...['true', 'YES', 'on', '1', 1].map((value) => [{ default: value }, 'write true'] as const),
  ...['false', 'No', 'off', '0', '', 0].map((value) => [{ default: value }, 'write false'] as const),
  ...['maybe', 'truely', 'untrue', 'offer', 2, ' ', null, {}].map(
    (value) => [{ default: value }, 'write true or false'] as const,
  ),
  [{ console: { a: 1 } }, 'write [ and ] around it'],
  [{ nodes: { name: 'a' } }, 'write [ and ] around it'],
  [{ console: 7 }, 'write a value such as ["tty0", "ttyS0,115200n8"]'],
  [{ console: ' ttyS0 tty1 ' }, 'write ["ttyS0 tty1"]'],
  [{ kernel_args: ' a=1  b ' }, 'write ["a=1", "b"]'],
  [{ kernel_args: 'x'.repeat(150) }, `write ["${'x'.repeat(55)}...`],
  [{ install: '/dev/vda' }, 'write {"disk": "/dev/vda"}'],
  [{ install: 7 }, 'write a value such as {"disk": "/dev/sda"}'],
  [{ nodes: ['a'] }, 'write a value such as {"name": "a-coreos", "mac": "52:54:00:55:1c:ee", "ip": "192.168.122.2"}'],
  [{ boot_timeout: ' 600 ' }, 'write 600'],
  [{ boot_timeout: '6 min' }, 'write a value such as 600'],
  [{ boot_timeout: '1234567890' }, 'write a value such as 600'],
  [{ boot_timeout: true }, 'write a value such as 600'],
  [{ root: ['/dev/vda'] }, 'write "/dev/vda"'],
  [{ root: ['a', 'b'] }, 'write one of them: "a"'],
  [{ root: [7] }, 'write a value such as "/dev/sda1"'],
  [{ root: {} }, 'write a value such as "/dev/sda1"'],
])('what to write instead of the wrong type: %j', (value, remedy) => {
  const [fault, ...others] = check(value);
  expect([fault?.remedy, others]).toEqual([remedy, []]);
});
