import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FolderFiles, makeFolder } from '../support/folder.ts';
import { runAt } from '../support/cli-setup.ts';

/** What a person did, and what `pilotlight check` answers first: where, what is wrong, and what to write. */
interface Mistake {
  readonly files?: FolderFiles;
  readonly env?: Readonly<Record<string, string>>;
  /** Below the data directory. */
  readonly dataDir?: string;
  readonly prepare?: (dir: string) => void;
}

const IMAGE = { 'images/k': 'kernel' };
const NODE = { name: 'w1', mac: '52:54:00:00:00:01' };
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbXGTJm6nB2fqpRkKYQ3pE2sVw1D0vZ8F5n9l0K7K9v me@lan';

/** The text of profiles/a.json. */
function text(profile: string | Buffer): Mistake {
  return { files: { 'profiles/a.json': profile, ...IMAGE } };
}

/** Keys of profiles/a.json, in the place of or beside what boots. */
function keys(more: object, files: FolderFiles = {}): Mistake {
  return { files: { 'profiles/a.json': { system: 'custom', kernel: 'k', ...more }, ...IMAGE, ...files } };
}

function node(more: object): Mistake {
  return keys({ nodes: [{ ...NODE, ...more }] });
}

/** configs/a.yml or the like, and a profile that names it. */
function config(file: string, content: string | Buffer, key = 'cloud_config'): Mistake {
  const named = file.replace(/\.hbs$/, '').replace(/\.yml$/, '');
  return keys({ [key]: named, nodes: [NODE] }, { [`configs/${file}`]: content });
}

function sshKey(content: string): Mistake {
  return keys({}, { 'sshkeys/me.pub': content });
}

function env(variables: Readonly<Record<string, string>>): Mistake {
  return { ...keys({}), env: variables };
}

function dotenv(content: string | Buffer): Mistake {
  return keys({}, { '.env': content });
}

const IGNITION = '{"ignition": {"version": "3.3.0"}';

// A row is a line.
// prettier-ignore
const MISTAKES: readonly (readonly [title: string, mistake: Mistake, answer: string])[] = [
  // JSON
  ['a comma between two lines', text('{\n  "system": "custom"\n  "kernel": "k"\n}\n'), 'error profiles/a.json:2:21: is not JSON: a comma is missing -> put it here, before the next entry'],
  ['a comma in a list', text('{\n  "kernel": "k",\n  "console": ["tty0" "ttyS0"]\n}\n'), 'error profiles/a.json:3:21: is not JSON: a comma is missing -> put it here, before the next entry'],
  ['a comma behind the last entry', text('{\n  "system": "custom",\n  "kernel": "k",\n}\n'), 'error profiles/a.json:3:16: is not JSON: a comma behind the last entry -> remove it'],
  ['a comma behind the last of a list', text('{\n  "console": ["tty0",]\n}\n'), 'error profiles/a.json:2:21: is not JSON: a comma behind the last entry -> remove it'],
  ['two commas', text('{\n  "system": "custom",,\n  "kernel": "k"\n}\n'), 'error profiles/a.json:2:22: is not JSON: a comma too many -> remove it'],
  ['typographic quotes', text('{\n  “system”: “custom”\n}\n'), 'error profiles/a.json:2:3: is not JSON: typographic quotes -> write "system"'],
  ['a typographic quote at the end', text('{\n  "system": "custom”,\n  "kernel": "k"\n}\n'), 'error profiles/a.json:2:20: is not JSON: a typographic quote at the end of a text -> write "custom"'],
  ['single quotes', text("{\n  'system': 'custom'\n}\n"), 'error profiles/a.json:2:3: is not JSON: single quotes -> write "system"'],
  ['no quotes around a name', text('{\n  system: "custom"\n}\n'), 'error profiles/a.json:2:3: is not JSON: a name without quotes -> write "system"'],
  ['no quotes around a value', text('{\n  "system": custom\n}\n'), 'error profiles/a.json:2:13: is not JSON: a word without quotes -> write "custom"'],
  ['a quote is missing in the middle', text('{\n  "system: "custom"\n}\n'), 'error profiles/a.json:2:13: is not JSON: text behind a closing quote -> look for a quote that is missing before it'],
  ['a quote is missing at the end', text('{\n  "system": "custom,\n  "kernel": "k"\n}\n'), 'error profiles/a.json:2:13: is not JSON: a text that does not end on its line -> close it with a double quote'],
  ['True, as Python has it', text('{\n  "default": True\n}\n'), 'error profiles/a.json:2:14: is not JSON: True, which JSON writes in small letters -> write true'],
  ['a comment', text('{\n  // the workers\n  "system": "custom"\n}\n'), 'error profiles/a.json:2:3: is not JSON: a comment -> remove it: JSON has none'],
  ['a comment as in YAML', text('{\n  # the workers\n  "system": "custom"\n}\n'), 'error profiles/a.json:2:3: is not JSON: a comment -> remove it: JSON has none'],
  ['= for a colon', text('{\n  "system" = "custom"\n}\n'), 'error profiles/a.json:2:12: is not JSON: "=" where a colon belongs -> write "name": value'],
  ['no colon', text('{\n  "system" "custom"\n}\n'), 'error profiles/a.json:2:11: is not JSON: a colon is missing -> write "name": value'],
  ['no value', text('{\n  "system": ,\n  "kernel": "k"\n}\n'), 'error profiles/a.json:2:12: is not JSON: a value is missing -> write it, or remove the name'],
  ['a semicolon', text('{\n  "system": "custom";\n  "kernel": "k"\n}\n'), 'error profiles/a.json:2:21: is not JSON: ";" where a comma belongs -> write a comma'],
  ['a brace is missing', text('{\n  "system": "custom",\n  "kernel": "k"\n'), 'error profiles/a.json:4:1: is not JSON: the object that begins in line 1 does not end -> close it with }'],
  ['a brace too many', text('{\n  "system": "custom",\n  "kernel": "k"\n}}\n'), 'error profiles/a.json:4:2: is not JSON: a bracket too many -> remove }'],
  ['a list that is closed by a brace', text('{\n  "console": ["tty0"}\n'), 'error profiles/a.json:2:21: is not JSON: a list that is closed by } -> close it with ]'],
  ['YAML in a profile', text('system: custom\nkernel: k\n'), 'error profiles/a.json:1:1: is not JSON: no object -> write one JSON object: {"name": value, ...}'],
  ['a page in the place of a file', text('<!DOCTYPE html>\n<html></html>\n'), 'error profiles/a.json:1:1: is not JSON: no object -> write one JSON object: {"name": value, ...}'],
  ['an empty file', text(''), 'error profiles/a.json:1:1: is empty -> write a JSON object such as {} or delete the file'],
  ['a Windows path', text('{\n  "system": "custom",\n  "kernel": "boot\\images"\n}\n'), 'error profiles/a.json:3:18: is not JSON: a backslash in a text -> write \\\\ for one backslash'],
  ['a tab in a text', text('{\n  "system": "custom",\n  "kernel": "k\t"\n}\n'), 'error profiles/a.json:3:15: is not JSON: a control character in a text -> write \\t for it'],
  ['a blank that was copied from a web page', text('{\n\u00a0 "system": "custom"\n}\n'), 'error profiles/a.json:2:1: is not JSON: U+00A0, which only looks like a blank -> write an ordinary blank there'],
  ['a number that begins with 0', text('{\n  "boot_timeout": 0600\n}\n'), 'error profiles/a.json:2:19: is not JSON: a number that begins with 0 -> write 600, or "0600" where a text belongs'],
  ['UTF-16', text(Buffer.from('\ufeff{"system":"custom"}', 'utf16le')), 'error profiles/a.json:1:1: is UTF-16, not UTF-8 -> save it as UTF-8'],
  ['UTF-16 without its mark', text(Buffer.from('{"system":"custom"}', 'utf16le')), 'error profiles/a.json:1:2: is not JSON: UTF-16, not UTF-8 -> save it as UTF-8'],
  ['Latin-1', text(Buffer.from('{\n  "system": "custom", "kernel": "k",\n  "vars": {"ort": "K\xf6ln"}\n}', 'latin1')), 'error profiles/a.json:3:21: holds bytes that are not UTF-8 -> save it as UTF-8'],
  ['a byte order mark', text('\ufeff{"system": "custom", "kernel": "k"}'), 'warning profiles/a.json:1:1: begins with a byte order mark, which JSON does not allow -> save it as UTF-8 without BOM'],
  ['a key twice', text('{\n  "system": "custom",\n  "kernel": "k",\n  "kernel": "k2"\n}\n'), 'error profiles/a.json:4:3 kernel: the key `kernel` is here for the second time (first in line 3) -> remove one of them'],
  ['a list of profiles', text('[\n  {"system": "custom"}\n]\n'), 'error profiles/a.json:1:1: must be an object, not a list -> a profile is one JSON object: { ... }'],
  // keys and values
  ['a misspelt key', keys({ kernal_args: ['quiet'] }), 'error profiles/a.json:4:3 kernal_args: unknown key `kernal_args` -> did you mean `kernel_args`?'],
  ['a version as a number', text('{\n  "system": "flatcar",\n  "version": 4593.20\n}\n'), 'error profiles/a.json:3:14 version: must be a string, not a number -> write "4593.20"'],
  ['a version that is a word', keys({ system: 'flatcar', kernel: undefined, version: 'latest' }), 'warning profiles/a.json:3:14 version: images/flatcar/amd64/latest/flatcar_production_pxe.vmlinuz is not there -> put it there, or remove "version": `pilotlight sync` looks up the newest release of the channel and writes it there; machines wait until it is there'],
  ['no version yet', keys({ system: 'flatcar', kernel: undefined }), 'error profiles/a.json:1:1 version: no version -> `pilotlight sync` sets it; or set "version" to a release that lies below images/flatcar/amd64/'],
  ['a channel in capitals', keys({ channel: 'Stable' }), 'error profiles/a.json:4:14 channel: "Stable" is not allowed here -> write "stable"'],
  ['a channel as a number', keys({ system: 'debian', kernel: undefined, channel: 12 }), 'error profiles/a.json:3:14 channel: must be a string, not a number -> write "12"'],
  ['a system in capitals', keys({ system: 'Flatcar' }), 'error profiles/a.json:2:13 system: "Flatcar" is not known here -> did you mean `flatcar`?'],
  ['a system by its other name', keys({ system: 'fcos' }), 'error profiles/a.json:2:13 system: "fcos" is not known here -> did you mean `fedora-coreos`?'],
  ['a system that is not here', keys({ system: 'centos' }), 'error profiles/a.json:2:13 system: "centos" is not known here -> one of coreos, flatcar, fedora-coreos, debian, ubuntu, talos, custom'],
  ['a processor by its other name', keys({ arch: 'x86_64' }), 'error profiles/a.json:4:11 arch: "x86_64" is not known here -> did you mean `amd64`?'],
  ['a disk alone', keys({ install: '/dev/sda' }), 'error profiles/a.json:4:14 install: must be an object, not a string -> write {"disk": "/dev/sda"}'],
  ['a disk without /dev/', keys({ install: { disk: 'sda' } }), 'error profiles/a.json:5:13 install.disk: "sda" is not allowed here -> a disk is a device\'s path such as /dev/sda or /dev/disk/by-id/...'],
  ['seconds in quotes', keys({ boot_timeout: '600' }), 'error profiles/a.json:4:19 boot_timeout: must be a whole number, not a string -> write 600'],
  ['seconds with a unit', keys({ boot_timeout: '10m' }), 'error profiles/a.json:4:19 boot_timeout: must be a whole number, not a string -> write a value such as 600'],
  ['seconds below the least', keys({ boot_timeout: 1 }), 'error profiles/a.json:4:19 boot_timeout: 1 is too small -> write a number from 10 to 86400'],
  ['yes for true', keys({ default: 'yes' }), 'error profiles/a.json:4:14 default: must be true or false, not a string -> write true'],
  ['an empty list for true', text('{\n  "default": []\n}\n'), 'error profiles/a.json:2:14 default: must be true or false, not a list -> write true or false'],
  ['an empty text for true', text('{\n  "default": ""\n}\n'), 'error profiles/a.json:2:14 default: must be true or false, not a string -> write false'],
  ['kernel arguments in one text', keys({ kernel_args: 'quiet console=ttyS0' }), 'error profiles/a.json:4:18 kernel_args: must be a list, not a string -> write ["quiet", "console=ttyS0"]'],
  ['a kernel outside images/', keys({ kernel: '/srv/k' }), 'error profiles/a.json:3:13 kernel: "/srv/k" is not allowed here -> give a path below images/ without a leading slash, or a URL (http, https, tftp) without spaces and ${'],
  ['a kernel with images/', keys({ kernel: 'images/k' }), 'warning profiles/a.json:3:13 kernel: images/images/k is not there -> put it there, or leave out images/: the path begins below it; machines wait until it is there'],
  ['no kernel', { files: { 'profiles/a.json': { system: 'custom' } } }, 'error profiles/a.json:1:1: the system custom needs a `kernel` -> add "kernel": a path below images/ or a URL'],
  ['two default profiles', keys({ default: true }, { 'profiles/b.json': { system: 'custom', kernel: 'k', default: true } }), 'error profiles/b.json:4:14 default: profiles/a.json:4 is the default profile already -> leave "default": true in one of them'],
  // machines
  ['one machine without a list', keys({ nodes: NODE }), 'error profiles/a.json:4:12 nodes: must be a list, not an object -> write [ and ] around it'],
  ['a machine as its MAC alone', keys({ nodes: ['52:54:00:00:00:01'] }), 'error profiles/a.json:5:5 nodes[0]: must be an object, not a string -> write a value such as {"name": "a-coreos", "mac": "52:54:00:55:1c:ee", "ip": "192.168.122.2"}'],
  ['a machine without a name', keys({ nodes: [{ mac: NODE.mac }] }), 'error profiles/a.json:5:5 nodes[0]: lacks `name` -> add "name": "a-coreos"'],
  ['a machine that nothing identifies', keys({ nodes: [{ name: 'w1' }] }), 'error profiles/a.json:5:5 nodes[0]: the node w1 has neither mac, uuid nor serial, so no machine can match it -> add one of them, best "mac"'],
  ['a MAC that is too short', node({ mac: '52:54:00:00:01' }), 'error profiles/a.json:7:14 nodes[0].mac: "52:54:00:00:01" is not a MAC address -> write it as 52:54:00:55:1c:ee, 52-54-00-55-1c-ee, 5254.0055.1cee or 525400551cee'],
  ['the letter O in a MAC', node({ mac: '52:54:OO:00:00:01' }), 'error profiles/a.json:7:14 nodes[0].mac: "52:54:OO:00:00:01" is not a MAC address -> write "52:54:00:00:00:01"'],
  ['a MAC as a number', text('{\n  "system": "custom", "kernel": "k",\n  "nodes": [{"name": "w1", "mac": 525400000001}]\n}'), 'error profiles/a.json:3:35 nodes[0].mac: must be a string, not a number -> write "525400000001"'],
  ['two MACs', node({ mac: ['52:54:00:00:00:01', '52:54:00:00:00:02'] }), 'error profiles/a.json:7:14 nodes[0].mac: must be a string, not a list -> write one of them: "52:54:00:00:00:01"'],
  ['a MAC of zeros', node({ mac: '00:00:00:00:00:00' }), 'error profiles/a.json:7:14 nodes[0].mac: "00:00:00:00:00:00" is no network card\'s address -> write the address that the machine shows when it boots'],
  ['a UUID that was cut', node({ uuid: '4c4c4544-0044' }), 'error profiles/a.json:8:15 nodes[0].uuid: "4c4c4544-0044" is not a UUID -> write it as c6c30f6a-4a1b-4337-8325-c4c2543ad437'],
  ['a UUID in braces', node({ uuid: '{4c4c4544-0044-4a10-8059-b4c04f4d3132}' }), 'error profiles/a.json:8:15 nodes[0].uuid: "{4c4c4544-0044-4a10-8059-b4c04f4d3132}" is not a UUID -> write "4c4c4544-0044-4a10-8059-b4c04f4d3132"'],
  ['an address with its prefix', node({ ip: '10.0.0.1/24' }), 'error profiles/a.json:8:13 nodes[0].ip: "10.0.0.1/24" is not an IP address alone -> write an address such as 192.168.122.2 or 2001:db8::2, without a prefix length'],
  ['an address over 255', node({ ip: '10.0.0.256' }), 'error profiles/a.json:8:13 nodes[0].ip: "10.0.0.256" is not an IPv4 or IPv6 address -> write it as 192.168.122.2 or 2001:db8::2, without a prefix length'],
  ['a name with a blank', node({ name: 'worker 1' }), 'error profiles/a.json:6:15 nodes[0].name: "worker 1" is not allowed here -> a node\'s name is a host name: letters, digits, dot, hyphen and underscore'],
  ['a MAC twice in one profile', keys({ nodes: [NODE, { name: 'w2', mac: '5254.0000.0001' }] }), 'error profiles/a.json:11:14 nodes[1].mac: the mac 52:54:00:00:00:01 belongs to two nodes of this profile (also in line 7) -> give it to one of them'],
  ['a name twice in one profile', keys({ nodes: [NODE, { ...NODE, mac: '52:54:00:00:00:02' }] }), 'error profiles/a.json:10:15 nodes[1].name: the name w1 belongs to two nodes of this profile (also in line 6) -> give it to one of them'],
  ['a MAC in two profiles', keys({ nodes: [NODE] }, { 'profiles/b.json': { system: 'custom', kernel: 'k', nodes: [NODE] } }), 'error profiles/b.json:7:14 nodes[0].mac: mac 52:54:00:00:00:01 is claimed by profiles/a.json:7 too -> leave the machine in one of them'],
  // documents and keys
  ['a document that is not there', keys({ cloud_config: 'b' }), 'error profiles/a.json:4:19 cloud_config: there is no document configs/b.yml -> create configs/b.yml or configs/b.yml.hbs'],
  ['a document that is misspelt', keys({ cloud_config: 'wroker' }, { 'configs/worker.yml': '#cloud-config\n' }), 'error profiles/a.json:4:19 cloud_config: there is no document configs/wroker.yml -> did you mean "worker"?'],
  ['a document with its folder', keys({ cloud_config: 'configs/a.yml' }, { 'configs/a.yml': '#cloud-config\n' }), 'error profiles/a.json:4:19 cloud_config: there is no document configs/configs/a.yml -> did you mean "a"?'],
  ['a document and a template of one name', keys({ cloud_config: 'a' }, { 'configs/a.yml': '', 'configs/a.yml.hbs': '' }), 'warning configs/a.yml:1:1: the user-data are empty: cloud-init does nothing -> begin with "#cloud-config"'],
  ['a tab in YAML', config('a.yml', '#cloud-config\nusers:\n\t- name: a\n'), 'error configs/a.yml:3:1: YAML: Tabs are not allowed as indentation -> write blanks in the place of the tab'],
  ['wrong indentation', config('a.yml', '#cloud-config\nusers:\n  - name: a\n   shell: /bin/sh\n'), 'error configs/a.yml:4:1: YAML: Sequence item without - indicator -> give it the indentation of the entry above that it belongs to, and close every [ and {'],
  ['a colon in a value', config('a.yml', '#cloud-config\nhostname: a: b\n'), 'error configs/a.yml:2:11: YAML: Nested mappings are not allowed in compact mappings -> put the value in quotes where it holds a colon; else begin it on a line of its own'],
  ['a quote that is not closed', config('a.yml', '#cloud-config\nhostname: "a\nusers: []\n'), 'error configs/a.yml:2:11: YAML: Missing closing "quote -> close the quote that begins here'],
  ['no #cloud-config', config('a.yml', 'hostname: a\n'), 'error configs/a.yml:1:1: cloud-init does not know the first line "hostname: a" -> begin the file with the line "#cloud-config"'],
  ['# cloud-config', config('a.yml', '# cloud-config\nhostname: a\n'), 'error configs/a.yml:1:1: cloud-init does not know the first line "# cloud-config" -> begin the file with the line "#cloud-config"'],
  ['a byte order mark in a cloud-config', config('a.yml', '\ufeff#cloud-config\nhostname: a\n'), 'error configs/a.yml:1:1: cloud-init does not know the first line "\ufeff#cloud-config" -> save the file without a byte order mark'],
  ['a key twice in YAML', config('a.yml', '#cloud-config\nhostname: a\nhostname: b\n'), 'warning configs/a.yml:3:1: the key "hostname" stands here twice, the last one wins -> keep one of them'],
  ['typographic quotes in YAML', config('a.yml', '#cloud-config\nhostname: “a”\n'), 'warning configs/a.yml:2:11: typographic quotes belong to the value: YAML knows " and \' only -> write "a"'],
  ['a template without .hbs', config('a.yml', '#cloud-config\nhostname: "{{node.name}}"\n'), 'warning configs/a.yml:2:12: only a file that ends in .hbs is a template -> rename the file to a.yml.hbs; profiles name it as before'],
  ['a variable that is misspelt', config('a.yml.hbs', '#cloud-config\nhostname: {{node.nam}}\n'), 'error configs/a.yml.hbs:2:13: rendered for w1: variable "node.nam" is not there: there is no "nam" -> did you mean "name"?'],
  ['a variable that nothing defines', config('a.yml.hbs', '#cloud-config\ntimezone: {{vars.zone}}\n'), 'error configs/a.yml.hbs:2:13: rendered for w1: variable "vars.zone" is not there: there is no "zone" -> define it in vars of the node or the profile, or use {{lookup}}'],
  ['a block that is not closed', config('a.yml.hbs', '#cloud-config\n{{#if node.ip}}\nhostname: a\n'), 'error configs/a.yml.hbs:2:1: {{#if}} that is never closed -> close it with {{/if}}'],
  ['a block that is closed by another', config('a.yml.hbs', '#cloud-config\n{{#if node.ip}}\nhostname: a\n{{/each}}\n'), 'error configs/a.yml.hbs:4:1: {{#if}} of line 2 is closed by {{/each}} -> close it with {{/if}}'],
  ['one brace', config('a.yml.hbs', '#cloud-config\nhostname: {{node.name}\nusers: []\n'), 'error configs/a.yml.hbs:2:11: a tag that does not end -> write {{node.name}}, or \\{{ for two literal braces'],
  ['a template of matchbox', config('a.yml.hbs', '#cloud-config\nhostname: {{.hostname}}\n'), 'error configs/a.yml.hbs:2:11: {{.hostname}} is written as for Go -> write {{vars.hostname}} or {{node.hostname}}'],
  ['a filter of Jinja', config('a.yml.hbs', '#cloud-config\nhostname: {{ node.name | upper }}\n'), 'error configs/a.yml.hbs:2:11: a filter ("|"), which Handlebars does not have -> write a helper before it: {{json x}}'],
  ['== in a template', config('a.yml.hbs', '#cloud-config\n{{#if node.name == "a"}}\n{{/if}}\n'), 'error configs/a.yml.hbs:2:1: "==" in a tag -> write (eq a b), as in {{#if (eq a b)}}'],
  ['Butane in the place of Ignition', config('w.ign', 'variant: flatcar\nversion: 1.0.0\n', 'ignition'), 'error configs/w.ign:1:1: this is Butane YAML; Ignition reads only JSON -> convert it first: butane --strict FILE.bu > FILE.ign'],
  ['a comma too many in Ignition', config('w.ign', `${IGNITION},}`, 'ignition'), 'error configs/w.ign:1:34: this is not JSON: a comma behind the last entry -> remove it'],
  ['an Ignition version as a number', config('w.ign', '{"ignition": {"version": 3.3}}', 'ignition'), 'error configs/w.ign:1:26 ignition.version: "ignition.version" must be text -> write "3.3.0"'],
  ['a mode in quotes', config('w.ign', `${IGNITION}, "storage": {"files": [{"path": "/a", "mode": "0644"}]}}`, 'ignition'), 'error configs/w.ign:1:81 storage.files[0].mode: this is text and must be a whole number -> write 420, which is 0644'],
  ['colons in a preseed', config('p.cfg', 'd-i: debian-installer/locale string en_US\n', 'preseed'), 'warning configs/p.cfg:1:1: "d-i:" is no owner of a question -> write d-i'],
  ['an autoinstall without #cloud-config', config('u', 'autoinstall:\n  version: 1\n', 'nocloud'), 'error configs/u:1:1: cloud-init does not know the first line "autoinstall:" -> begin the file with the line "#cloud-config"'],
  ['%packages without %end', config('k.ks', 'lang en_US\nautopart\nclearpart --all\nrootpw --lock\n%packages\n@core\n', 'kickstart'), 'error configs/k.ks:5:1: the section %packages does not end with %end -> add a line "%end" after its last line'],
  ['a private key', sshKey('-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n'), 'error sshkeys/me.pub:1:1: is a private key -> replace it with the public key, and make a new pair: this one may have been served'],
  ['two keys in one file', sshKey(`${KEY}\n${KEY}\n`), 'error sshkeys/me.pub:2:1: holds more than one line -> put one public key on one line, as ssh-keygen writes it'],
  ['a key that was cut', sshKey('ssh-ed25519 AAAAC3Nz me'), 'warning sshkeys/me.pub:1:1: is not an SSH public key: a machine that gets it lets no one in by it -> put the .pub file of a key pair there, as ssh-keygen writes it'],
  ['a key in quotes', sshKey(`"${KEY}"`), 'error sshkeys/me.pub:1:1: begins with a quote -> remove the quotes around the key'],
  ['a key in the profile', keys({ sshkey: KEY }), 'error profiles/a.json:4:13 sshkey: holds a key itself -> put it into sshkeys/NAME.pub, and write "NAME" here'],
  ['a key by its file', keys({ sshkey: 'me.pub' }, { 'sshkeys/me.pub': KEY }), 'error profiles/a.json:4:13 sshkey: there is no key sshkeys/me.pub.pub -> did you mean "me"?'],
  // files and folders
  ['a profile in YAML', keys({}, { 'profiles/b.yaml': 'system: flatcar\n' }), 'warning profiles/b.yaml: is not read: only names that end in .json are -> rename it to end in .json'],
  ['a profile that Windows called .txt', keys({}, { 'profiles/b.json.txt': '{}' }), 'warning profiles/b.json.txt: is not read: only names that end in .json are -> rename it to end in .json'],
  ['an umlaut in a file’s name', keys({}, { 'profiles/büro.json': '{}' }), 'warning profiles/büro.json: is left out: this cannot be a profile’s name -> rename it: letters, digits, dot, plus, hyphen, underscore, colon and blank, at most one folder and 128 characters'],
  ['a folder that is called .json', { ...keys({}), prepare: (dir) => { mkdirSync(join(dir, 'profiles/b.json')); } }, 'error profiles/b.json: is a folder, not a file -> put a file there; a folder in profiles/ may not be called so'],
  ['no profiles/', { files: {}, prepare: (dir) => { rmSync(join(dir, 'profiles'), { recursive: true }); } }, 'warning profiles: there is no such folder -> create profiles/'],
  ['profiles/ for the data directory', { ...keys({}), dataDir: 'profiles' }, 'error profiles: this is the folder profiles/ of a data directory -> name the folder that holds it: with --data-dir or PILOTLIGHT_DATA_DIR'],
  ['a file for the data directory', { ...keys({}), dataDir: 'images/k' }, 'pilotlight check: the data directory is not a directory: DIR/images/k (name a folder with PILOTLIGHT_DATA_DIR or --data-dir)'],
  ['a data directory that is not there', { ...keys({}), dataDir: 'date' }, 'pilotlight check: the data directory does not exist or may not be entered: DIR/date (create it, or name another with PILOTLIGHT_DATA_DIR or --data-dir)'],
  // settings
  ['a port alone', env({ PILOTLIGHT_HTTP_LISTEN: '8080' }), 'PILOTLIGHT_HTTP_LISTEN: must be HOST:PORT: write [::]:8080, or 0.0.0.0:8080 for IPv4 alone; it is "8080"'],
  ['a port that is too large', env({ PILOTLIGHT_HTTP_LISTEN: ':99999' }), 'PILOTLIGHT_HTTP_LISTEN: port 99999 is over 65535; it is ":99999"'],
  ['true for on', env({ PILOTLIGHT_JOURNAL: 'true' }), 'PILOTLIGHT_JOURNAL: must be one of on, off: write on; it is "true"'],
  ['quotes in a variable', env({ PILOTLIGHT_LOG_LEVEL: '"debug"' }), 'PILOTLIGHT_LOG_LEVEL: must be one of debug, info, warn, error; it is "\\"debug\\"" (write it without the quotes)'],
  ['a size in other units', env({ PILOTLIGHT_IMAGE_CACHE: '1T' }), 'PILOTLIGHT_IMAGE_CACHE: must be a size such as 256MiB or 1GiB; it is "1T"'],
  ['a schedule in words', env({ PILOTLIGHT_SYNC: 'daily' }), 'PILOTLIGHT_SYNC: must be off or five fields in numbers, such as "17 4 * * *": minute hour day month weekday; it is "daily"'],
  ['a time zone by its letters', env({ PILOTLIGHT_TIMEZONE: 'CEST' }), 'PILOTLIGHT_TIMEZONE: must be a time zone such as Europe/Prague or UTC; it is "CEST"'],
  ['a URL that is none', env({ PILOTLIGHT_BASE_URL: 'tftp://boot.lan' }), 'PILOTLIGHT_BASE_URL: must be a URL such as http://boot.lan:4777; it is "tftp://boot.lan"'],
  ['our name misspelt', env({ PILOTLIGTH_SYNC: 'off' }), 'warning environment: PILOTLIGTH_SYNC is no setting -> did you mean PILOTLIGHT_SYNC?'],
  ['a setting misspelt', env({ PILOTLIGHT_SYNK: 'off' }), 'warning environment: PILOTLIGHT_SYNK is no setting -> did you mean PILOTLIGHT_SYNC?'],
  ['a setting of before misspelt', env({ COREOS_IPXE_SERVER_DATADIR: '/x' }), 'warning environment: COREOS_IPXE_SERVER_DATADIR is no setting -> did you mean COREOS_IPXE_SERVER_DATA_DIR?'],
  ['a system misspelt', env({ PILOTLIGHT_MIRROR_FLATCR: 'http://mirror.lan' }), 'warning environment: PILOTLIGHT_MIRROR_FLATCR is no setting -> did you mean PILOTLIGHT_MIRROR_FLATCAR?'],
  ['a line without =', dotenv('# ours\nPILOTLIGHT_LOG_LEVEL debug\n'), '.env:2:1: PILOTLIGHT_LOG_LEVEL has no "=" behind it (write PILOTLIGHT_LOG_LEVEL=value)'],
  ['a line as in YAML', dotenv('PILOTLIGHT_LOG_LEVEL: debug\n'), '.env:1:1: PILOTLIGHT_LOG_LEVEL has no "=" behind it (write PILOTLIGHT_LOG_LEVEL=value)'],
  ['a quote that is open in .env', dotenv('PILOTLIGHT_LOG_LEVEL="debug\nPILOTLIGHT_SYNC=off\n'), '.env:1:22: PILOTLIGHT_LOG_LEVEL has a quote that does not end on this line (put " at its end, or leave both out)'],
  ['typographic quotes in .env', dotenv('PILOTLIGHT_LOG_LEVEL=“debug”\n'), '.env:1:22: PILOTLIGHT_LOG_LEVEL has typographic quotes around its value (write " or no quotes)'],
  ['a wrong value in .env', dotenv('\nexport PILOTLIGHT_LOG_LEVEL=loud\r\n'), '.env:2:29 PILOTLIGHT_LOG_LEVEL: must be one of debug, info, warn, error; it is "loud"'],
  ['a name misspelt in .env', dotenv('PILOTLIGTH_SYNC=off\n'), 'warning .env:1:1: PILOTLIGTH_SYNC is no setting -> did you mean PILOTLIGHT_SYNC?'],
  ['a name twice in .env', dotenv('PILOTLIGHT_SYNC=off\n# later\nPILOTLIGHT_SYNC=off\n'), 'warning .env:3:1: PILOTLIGHT_SYNC is set in line 1 already, and here again: the last one wins -> keep one of them'],
  ['UTF-16 in .env', dotenv(Buffer.from('\ufeffPILOTLIGHT_SYNC=off\r\n', 'utf16le')), '.env:1:1: is not a text in UTF-8 (save it as UTF-8)'],
  ['Latin-1 in .env', dotenv(Buffer.from('# ours\nPILOTLIGHT_TIMEZONE=K\xf6ln\n', 'latin1')), '.env:2:1: is not a text in UTF-8 (save it as UTF-8)'],
  ['the data directory in its .env', dotenv('PILOTLIGHT_DATA_DIR=/x\n'), '.env:1:21 PILOTLIGHT_DATA_DIR: cannot be set in the folder that it names'],
];

test.each(MISTAKES)('%s', async (_, { files = {}, env: variables = {}, dataDir, prepare }, answer) => {
  const dir = makeFolder(files);
  prepare?.(dir);
  const argv = ['check', ...(dataDir === undefined ? [] : ['--data-dir', dataDir])];
  const { code, stdout, stderr } = await runAt(dir, argv, { env: variables });
  const lines = `${stderr}${stdout}`.replaceAll(dir, 'DIR').replaceAll('\n  -> ', ' -> ').split('\n');
  expect(lines.map((line) => line.trim())).toContain(answer);
  // A warning alone does not fail the check; an error and a setting that is wrong do.
  if (!answer.startsWith('warning')) expect(code).not.toBe(0);
});
