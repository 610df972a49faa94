import type { AdminOperations } from '../../src/admin/service/service.ts';
import type { HealthView, ProfileRow, ProfileView } from '../../src/model/views.ts';
import type { FileDiagnostic } from '../../src/model/failure.ts';

const BROKEN: FileDiagnostic = {
  severity: 'error',
  message: 'unknown key "kernel_arg"',
  place: { file: 'profiles/lab-debian.json', key: 'kernel_arg', line: 6, column: 3 },
  remedy: 'did you mean "kernel_args"?',
};
const OLD: FileDiagnostic = {
  severity: 'warning',
  message: 'the document has no hostname',
  place: { file: 'configs/storage.yml', line: 1, column: 1 },
  remedy: 'add hostname: {{node.name}}, or every machine is called localhost',
};

export const FAKE_PROFILES: readonly ProfileRow[] = [
  row('control-plane', 'fedora-coreos', 'Fedora CoreOS', 'stable', '42.20260901.3.0', 3, {}),
  row('edge-canary', 'flatcar', 'Flatcar Container Linux', 'beta', '4628.1.0', 3, {}),
  row('lab-debian', 'debian', 'Debian', 'trixie', '13.1', 3, { install: true, problems: [BROKEN] }),
  row('rescue', 'custom', 'Custom', 'none', '', 0, { update: 'manual' }),
  row('storage-ubuntu', 'ubuntu', 'Ubuntu', 'lts', '24.04.3', 3, { install: true, problems: [OLD], update: 'manual' }),
  row('workers', 'flatcar', 'Flatcar Container Linux', 'stable', '4593.2.1', 15, {}),
];

function row(
  name: string,
  system: ProfileRow['system'],
  title: string,
  channel: string,
  version: string,
  nodes: number,
  more: Partial<ProfileRow>,
): ProfileRow {
  return {
    name,
    file: `profiles/${name}.json`,
    system,
    title,
    channel,
    arch: 'amd64',
    version,
    update: 'auto',
    nodes,
    default: false,
    install: false,
    problems: [],
    inForce: true,
    ...more,
  };
}

export const FAKE_KEYS: ProfileView['keys'] = [
  {
    key: 'system',
    help: 'The operating system: coreos (default), flatcar, fedora-coreos, debian, ubuntu, talos or custom.',
    example: '"system": "flatcar"',
  },
  { key: 'channel', help: 'Which stream of releases the sync follows.', example: '"channel": "stable"' },
  {
    key: 'version',
    help: 'The release that machines boot. The sync rewrites it while update is auto.',
    example: '"version": "4593.2.1"',
  },
  {
    key: 'update',
    help: 'auto (default): the sync rewrites version. manual: only people do.',
    example: '"update": "manual"',
  },
  { key: 'ignition', help: 'The Ignition document in configs/.', example: '"ignition": "worker.ign"' },
  { key: 'kernel_args', help: 'More arguments for the kernel.', example: '"kernel_args": ["console=ttyS0"]' },
  {
    key: 'install',
    help: 'Install to this disk once, then hand over to it.',
    example: '"install": { "disk": "/dev/sda" }',
  },
  {
    key: 'nodes',
    help: 'The machines that boot this profile, each known by mac, uuid or serial.',
    example: '"nodes": [{ "name": "w1", "mac": "52:54:00:55:1c:ee" }]',
  },
  {
    key: 'boot_timeout',
    help: 'Seconds from the boot script to the phone-home; then the machine counts as failed.',
    example: '"boot_timeout": 300',
  },
];

export function fakeProfileText({ system, channel, version, name }: ProfileRow): string {
  const extra = name === 'lab-debian' ? '\n  "kernel_arg": ["quiet"],' : '';
  const install =
    name === 'storage-ubuntu' || name === 'lab-debian' ? '\n  "install": { "disk": "/dev/nvme0n1" },' : '';
  return `{\n  "system": "${system}",\n  "channel": "${channel}",\n  "version": "${version}",${install}${install === '' ? '' : ''}${extra}\n  "ignition": "worker.ign",\n  "kernel_args": ["console=ttyS0,115200"],\n  "vars": { "rack": "b4" },\n  "nodes": [\n    { "name": "w1", "mac": "b0:26:28:4d:82:1d", "ip": "10.20.0.14" }\n  ]\n}\n`;
}

export const FAKE_HEALTH: HealthView = {
  version: '0.1.0',
  uptimeSeconds: 791_234,
  problems: [OLD, BROKEN],
  troubles: [
    {
      what: 'the disk of the data directory is 93 % full',
      remedy: 'remove what you do not need, or keep fewer releases (PILOTLIGHT_KEEP_RELEASES)',
      severity: 'warning',
    },
  ],
  facts: [
    { name: 'HTTP', value: '0.0.0.0:4777' },
    { name: 'TFTP', value: '0.0.0.0:69' },
    { name: 'DHCP proxy', value: '0.0.0.0:67 and 4011' },
    { name: 'Journal', value: 'on, 90 days' },
    { name: 'Image cache', value: '256 MiB, 71 % used' },
  ],
};

export function fakeLeases(now: number): Awaited<ReturnType<AdminOperations['leases']>>['leases'] {
  const hour = 3_600_000;
  return [
    {
      ...{ address: '192.168.50.11', mac: '52:54:00:55:1c:ee', state: 'in use', at: now - hour / 4, until: now + hour },
      ...{ name: 'worker-1', node: 'worker-1', profile: 'worker' },
    },
    { address: '192.168.50.100', mac: '00:1b:21:00:00:07', state: 'in use', at: now - 60_000, until: now + hour },
    { address: '192.168.50.101', mac: '00:1b:21:00:00:08', state: 'resting', at: now - 60_000, until: now + hour / 6 },
    { address: '192.168.50.102', mac: '00:1b:21:00:00:09', state: 'ended', at: now - 9 * hour, until: now - 8 * hour },
  ];
}
