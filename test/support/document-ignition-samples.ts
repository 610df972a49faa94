import type { Json } from '../../src/model/profile.ts';

/** One Ignition document: the version is put in by `ignitionText`. `bad`: Ignition refuses it. */
export interface IgnitionSample {
  readonly name: string;
  readonly body: Readonly<Record<string, Json>>;
  readonly bad: boolean;
  /** From this minor version of spec 3 on (default 0) the verdict holds. */
  readonly since?: number;
  /** JSON Schemas cannot say it: only the rules do. */
  readonly rule?: true;
  /** Up to this minor version ignition-validate lets it pass, and the machine fails at it. */
  readonly passes?: number;
}

const HEX = '0123456789abcdef';
const file = (more: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> => ({
  storage: { files: [{ path: '/etc/a', ...more }] },
});
const contents = (more: Readonly<Record<string, Json>>) => file({ contents: { source: 'data:,a', ...more } });
const units = (...list: Json[]): Readonly<Record<string, Json>> => ({ systemd: { units: list } });
const storage = (key: string, ...list: Json[]): Readonly<Record<string, Json>> => ({ storage: { [key]: list } });

export const IGNITION_SAMPLES: readonly IgnitionSample[] = [
  { name: 'nothing but a version', body: {}, bad: false },
  { name: 'an unknown key', body: { sturage: {} }, bad: false },
  { name: 'a file', body: contents({}), bad: false },
  { name: 'a file without contents', body: file({}), bad: false },
  { name: 'a file without a path', body: storage('files', { mode: 420 }), bad: true },
  { name: 'a relative path', body: storage('files', { path: 'etc/a' }), bad: true, rule: true },
  { name: 'a mode that is text', body: file({ mode: '0644' }), bad: true },
  { name: 'a mode over 07777', body: file({ mode: 100644 }), bad: true, rule: true },
  { name: 'a negative mode', body: file({ mode: -1 }), bad: true, rule: true },
  { name: 'a mode with the digits of an octal one', body: file({ mode: 644 }), bad: false },
  { name: 'overwrite without a source', body: file({ overwrite: true }), bad: true, rule: true },
  { name: 'overwrite with a source', body: file({ overwrite: true, contents: { source: 'data:,' } }), bad: false },
  { name: 'overwrite that is text', body: file({ overwrite: 'yes' }), bad: true },
  { name: 'an unknown scheme', body: contents({ source: 'ftp://192.0.2.1/a' }), bad: true, rule: true },
  { name: 'no scheme', body: contents({ source: '//192.0.2.1/a' }), bad: true, rule: true },
  { name: 'a path for a source', body: contents({ source: '/etc/passwd' }), bad: true, rule: true },
  { name: 'https', body: contents({ source: 'https://192.0.2.1/a?b=c' }), bad: false },
  { name: 'tftp', body: contents({ source: 'tftp://192.0.2.1/a' }), bad: false },
  { name: 's3', body: contents({ source: 's3://bucket/key' }), bad: false },
  { name: 'gs', body: contents({ source: 'gs://bucket/key' }), bad: false, since: 2 },
  { name: 'an empty source', body: contents({ source: '' }), bad: false },
  { name: 'a data URL in base64', body: contents({ source: 'data:;base64,YQ==' }), bad: false },
  { name: 'a data URL in bad base64', body: contents({ source: 'data:;base64,#' }), bad: true, rule: true },
  { name: 'a data URL in short base64', body: contents({ source: 'data:;base64,YQ' }), bad: true, rule: true },
  { name: 'a data URL without a comma', body: contents({ source: 'data:a' }), bad: true, rule: true },
  { name: 'a data URL with a charset', body: contents({ source: 'data:text/plain;charset=utf-8,a%20b' }), bad: false },
  { name: 'a data URL with a lone percent sign', body: contents({ source: 'data:,100%zz' }), bad: true, rule: true },
  { name: 'gzip', body: contents({ compression: 'gzip' }), bad: false },
  { name: 'an unknown compression', body: contents({ compression: 'xz' }), bad: true, rule: true },
  { name: 'a hash', body: contents({ verification: { hash: `sha512-${HEX.repeat(8)}` } }), bad: false },
  {
    name: 'a hash in capitals',
    body: contents({ verification: { hash: `sha512-${HEX.toUpperCase().repeat(8)}` } }),
    bad: false,
  },
  { name: 'a short hash', body: contents({ verification: { hash: 'sha512-ab' } }), bad: true, rule: true },
  {
    name: 'a hash of letters',
    body: contents({ verification: { hash: `sha512-${'z'.repeat(128)}` } }),
    bad: true,
    rule: true,
    passes: 9,
  },
  {
    name: 'an unknown hash',
    body: contents({ verification: { hash: `md5-${HEX.repeat(2)}` } }),
    bad: true,
    rule: true,
  },
  { name: 'sha256', body: contents({ verification: { hash: `sha256-${HEX.repeat(4)}` } }), bad: false, since: 1 },
  { name: 'append', body: file({ append: [{ source: 'data:,a' }] }), bad: false },
  { name: 'append that is true', body: file({ append: true }), bad: true },
  { name: 'append with a bad source', body: file({ append: [{ source: 'x:y' }] }), bad: true, rule: true },
  { name: 'two files in one place', body: storage('files', { path: '/a' }, { path: '/a' }), bad: true, rule: true },
  {
    name: 'a file and a directory in one place',
    body: { storage: { files: [{ path: '/a' }], directories: [{ path: '/a' }] } },
    bad: true,
    rule: true,
  },
  {
    name: 'a file below a link',
    body: { storage: { links: [{ path: '/a', target: '/b' }], files: [{ path: '/a/c/d' }] } },
    bad: true,
    rule: true,
  },
  {
    name: 'a file beside a link',
    body: { storage: { links: [{ path: '/a', target: '/b' }], files: [{ path: '/ab/c' }] } },
    bad: false,
  },
  { name: 'a link', body: storage('links', { path: '/a', target: '/b', hard: true }), bad: false },
  { name: 'an owner with a text for an id', body: file({ user: { id: 'core' } }), bad: true },
  { name: 'an owner by name', body: file({ user: { name: 'core' }, group: { name: 'core' } }), bad: false },
  {
    name: 'a unit',
    body: units({ name: 'a.service', enabled: true, contents: '[Service]\n[Install]\nWantedBy=x\n' }),
    bad: false,
  },
  { name: 'a unit without a suffix', body: units({ name: 'a' }), bad: true, rule: true },
  { name: 'a unit with a strange suffix', body: units({ name: 'a.network' }), bad: true, rule: true },
  { name: 'a unit without a name', body: units({ contents: '[Unit]\n' }), bad: true },
  { name: 'a unit that is enabled by text', body: units({ name: 'a.service', enabled: 'true' }), bad: true },
  { name: 'a unit with a line before any section', body: units({ name: 'a.service', contents: 'foo\n' }), bad: false },
  {
    name: 'a unit with a line that is none',
    body: units({ name: 'a.service', contents: '[Unit]\nfoo\n' }),
    bad: true,
    rule: true,
  },
  {
    name: 'a unit with long lines',
    body: units({ name: 'a.service', contents: '[Service]\nExecStart=/a \\\n  --b \\\n  -d\n' }),
    bad: false,
  },
  {
    name: 'a unit with a comment inside of a long line',
    body: units({ name: 'a.service', contents: '[Service]\nExecStart=/a \\\n  # b\n  -c\n' }),
    bad: true,
    rule: true,
  },
  {
    name: 'a unit with comments',
    body: units({ name: 'a.service', contents: '# a\n; b\n\n[Unit]\n; c\nA=b=c\nD=\n' }),
    bad: false,
  },
  {
    name: 'an enabled unit that nobody wants',
    body: units({ name: 'a.service', enabled: true, contents: '[Service]\n' }),
    bad: false,
  },
  { name: 'two units of one name', body: units({ name: 'a.service' }, { name: 'a.service' }), bad: true, rule: true },
  {
    name: 'a drop-in',
    body: units({ name: 'a.service', dropins: [{ name: 'a.conf', contents: '[Unit]\n' }] }),
    bad: false,
  },
  {
    name: 'a drop-in without .conf',
    body: units({ name: 'a.service', dropins: [{ name: 'a' }] }),
    bad: true,
    rule: true,
  },
  {
    name: 'two drop-ins of one name',
    body: units({ name: 'a.service', dropins: [{ name: 'a.conf' }, { name: 'a.conf' }] }),
    bad: true,
    rule: true,
  },
  {
    name: 'a user',
    body: { passwd: { users: [{ name: 'core', sshAuthorizedKeys: ['ssh-ed25519 AAAA a'] }] } },
    bad: false,
  },
  { name: 'a user without a name', body: { passwd: { users: [{ uid: 500 }] } }, bad: true, passes: 9 },
  { name: 'a key that is no list', body: { passwd: { users: [{ name: 'core', sshAuthorizedKeys: 'a' }] } }, bad: true },
  { name: 'two users of one name', body: { passwd: { users: [{ name: 'a' }, { name: 'a' }] } }, bad: true, rule: true },
  {
    name: 'two groups of one name',
    body: { passwd: { groups: [{ name: 'a' }, { name: 'a' }] } },
    bad: true,
    rule: true,
  },
  { name: 'users that are no list', body: { passwd: { users: {} } }, bad: true },
  {
    name: 'a filesystem',
    body: storage('filesystems', { device: '/dev/sda1', format: 'ext4', path: '/var', label: 'a' }),
    bad: false,
  },
  { name: 'a filesystem without a device', body: storage('filesystems', { format: 'ext4' }), bad: true },
  {
    name: 'a filesystem on no device',
    body: storage('filesystems', { device: 'sda', format: 'ext4' }),
    bad: true,
    rule: true,
  },
  {
    name: 'an unknown filesystem',
    body: storage('filesystems', { device: '/dev/sda', format: 'ntfs' }),
    bad: true,
    rule: true,
  },
  { name: 'no filesystem', body: storage('filesystems', { device: '/dev/sda', format: 'none' }), bad: false, since: 3 },
  {
    name: 'two filesystems on one device',
    body: storage('filesystems', { device: '/dev/sda', format: 'xfs' }, { device: '/dev/sda', format: 'xfs' }),
    bad: true,
    rule: true,
  },
  {
    name: 'a filesystem mounted nowhere',
    body: storage('filesystems', { device: '/dev/sda', format: 'xfs', path: 'var' }),
    bad: true,
    rule: true,
  },
  {
    name: 'a disk',
    body: storage('disks', { device: '/dev/sda', partitions: [{ number: 1, label: 'a' }] }),
    bad: false,
  },
  { name: 'a disk that is no path', body: storage('disks', { device: 'sda' }), bad: true, rule: true },
  { name: 'a RAID', body: storage('raid', { name: 'a', level: 'raid1', devices: ['/dev/a', '/dev/b'] }), bad: false },
  {
    name: 'a RAID of an unknown level',
    body: storage('raid', { name: 'a', level: 'raid9', devices: ['/dev/a'] }),
    bad: true,
    rule: true,
  },
  {
    name: 'a RAID of no paths',
    body: storage('raid', { name: 'a', level: 'raid1', devices: ['a'] }),
    bad: true,
    rule: true,
  },
  { name: 'LUKS', body: storage('luks', { name: 'a', device: '/dev/sda' }), bad: false, since: 2 },
  { name: 'kernel arguments', body: { kernelArguments: { shouldExist: ['a'] } }, bad: false, since: 3 },
  { name: 'kernel arguments that are text', body: { kernelArguments: { shouldExist: 'a' } }, bad: true, since: 3 },
  {
    name: 'a merged configuration',
    body: { ignition: { config: { merge: [{ source: 'https://192.0.2.1/' }] } } },
    bad: false,
  },
  {
    name: 'a merged configuration without a source',
    body: { ignition: { config: { merge: [{}] } } },
    bad: true,
    rule: true,
    passes: 0,
  },
  {
    name: 'a replaced configuration',
    body: { ignition: { config: { replace: { source: 'http://192.0.2.1/' } } } },
    bad: false,
  },
  { name: 'a timeout that is text', body: { ignition: { timeouts: { httpTotal: '10s' } } }, bad: true },
  {
    name: 'a proxy',
    body: { ignition: { proxy: { httpProxy: 'http://192.0.2.1:3128', noProxy: ['192.0.2.2'] } } },
    bad: false,
    since: 1,
  },
  {
    name: 'a proxy that is no URL',
    body: { ignition: { proxy: { httpProxy: 'socks://a' } } },
    bad: true,
    since: 1,
    rule: true,
  },
];

/** The sample as a document of a version. */
export function ignitionText(sample: IgnitionSample, version: string): string {
  const { ignition = {}, ...rest } = sample.body;
  return JSON.stringify({ ignition: { version, ...(ignition as object) }, ...rest });
}
