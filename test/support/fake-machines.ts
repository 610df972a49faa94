import type { LogPage } from '../../src/model/machine-views.ts';
import type { MachinePage, MachineRow, MachineView, BootView, TimelineEvent } from '../../src/model/views.ts';
import type { MachineState } from '../../src/model/machine-list.ts';

// A made-up app context of 30 machines in every state, for the dashboard's tests and pictures.

const S = 1000;
const MIN = 60 * S;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

interface Kind {
  readonly manufacturer: string;
  readonly product: string;
  readonly vendor: string;
  readonly oui: string;
}
const DELL: Kind = { manufacturer: 'Dell Inc.', product: 'PowerEdge R640', vendor: 'Dell Inc.', oui: 'b0:26:28' };
const HPE: Kind = {
  manufacturer: 'HPE',
  product: 'ProLiant DL360 Gen10',
  vendor: 'Hewlett Packard Enterprise',
  oui: '94:40:c9',
};
const NUC: Kind = { manufacturer: 'Intel', product: 'NUC11TNHi5', vendor: 'Intel Corporate', oui: '88:ae:dd' };
const SM: Kind = {
  manufacturer: 'Supermicro',
  product: 'SYS-5019D-FN8TP',
  vendor: 'Super Micro Computer, Inc.',
  oui: 'ac:1f:6b',
};
const QEMU: Kind = { manufacturer: 'QEMU', product: 'Standard PC (Q35 + ICH9, 2009)', vendor: 'QEMU', oui: '52:54:00' };

const BMC = ['on', 'off', 'cycle', 'status'] as const;
const POWER: ReadonlyMap<Kind, MachineRow['power']> = new Map([
  [DELL, { by: 'IPMI', does: BMC }],
  [HPE, { by: 'IPMI', does: BMC }],
  [SM, { by: 'IPMI', does: BMC }],
  [NUC, { by: 'Wake-on-LAN', does: ['on'] }],
]);

interface Plan {
  readonly name?: string;
  readonly state: MachineState;
  readonly profile?: string;
  readonly kind: Kind;
  /** Of the last boot, in seconds. */
  readonly boot?: number;
  readonly seen?: number;
}

const VERSIONS: Readonly<Record<string, string>> = {
  workers: '4593.2.1',
  'edge-canary': '4628.1.0',
  'control-plane': '42.20260901.3.0',
  'lab-debian': '13.1',
  'storage-ubuntu': '24.04.3',
};

const PLANS: readonly Plan[] = [
  ...[1, 2, 3].map((i): Plan => ({
    name: `cp${i}`,
    state: 'up',
    profile: 'control-plane',
    kind: HPE,
    boot: 58 + i,
    seen: i * DAY,
  })),
  ...Array.from({ length: 12 }, (_, i): Plan => ({
    name: `w${i + 1}`,
    state: 'up',
    profile: 'workers',
    kind: i % 4 === 3 ? SM : DELL,
    boot: 38 + ((i * 7) % 11),
    seen: (i + 1) * 47 * MIN,
  })),
  { name: 'w13', state: 'booting', profile: 'workers', kind: DELL, boot: 41, seen: 3 * S },
  { name: 'w14', state: 'booting', profile: 'workers', kind: DELL, boot: 44, seen: 6 * S },
  { name: 'w15', state: 'failed', profile: 'workers', kind: SM, boot: 47, seen: 11 * MIN },
  { name: 'edge1', state: 'up', profile: 'edge-canary', kind: NUC, boot: 29, seen: 5 * HOUR },
  { name: 'edge2', state: 'up', profile: 'edge-canary', kind: NUC, boot: 31, seen: 6 * HOUR },
  { name: 'edge3', state: 'failed', profile: 'edge-canary', kind: NUC, boot: 30, seen: 3 * HOUR },
  { name: 'store1', state: 'installed', profile: 'storage-ubuntu', kind: SM, boot: 412, seen: 9 * DAY },
  { name: 'store2', state: 'installed', profile: 'storage-ubuntu', kind: SM, boot: 405, seen: 9 * DAY },
  { name: 'store3', state: 'installing', profile: 'storage-ubuntu', kind: SM, seen: 2 * S },
  { name: 'lab1', state: 'installed', profile: 'lab-debian', kind: QEMU, boot: 188, seen: 2 * DAY },
  { name: 'lab2', state: 'assigned', profile: 'lab-debian', kind: QEMU },
  { name: 'lab3', state: 'assigned', profile: 'lab-debian', kind: QEMU },
  { state: 'unknown', kind: DELL, seen: 4 * S },
  { state: 'unknown', kind: NUC, seen: 9 * S },
  { state: 'unknown', kind: QEMU, seen: 14 * MIN },
];

export function fakeRows(now: number): readonly MachineRow[] {
  return PLANS.map((plan, i) => fakeRow(plan, i, now));
}

function fakeRow({ name, state, profile, kind, boot, seen }: Plan, i: number, now: number): MachineRow {
  const mac = `${kind.oui}:${hex(17 * i + 26)}:${hex(41 * i + 7)}:${hex(101 * i + 238)}`;
  const version = profile === undefined ? undefined : VERSIONS[profile];
  return {
    key: mac,
    mac,
    ...(kind === QEMU
      ? { uuid: `6f0c${hex(i)}aa-7d0e-4b6e-9a53-2f1f7a9e55${hex(i)}` }
      : { serial: `${kind.oui.replaceAll(':', '').toUpperCase()}${1000 + i * 37}` }),
    name,
    ...(seen === undefined
      ? {}
      : { manufacturer: kind.manufacturer, product: kind.product, address: `10.20.0.${11 + i}` }),
    vendor: kind.vendor,
    state,
    ...(seen === undefined
      ? {}
      : { since: now - seen, lastSeen: now - seen, firstSeen: now - seen - (name === undefined ? 3 * MIN : 40 * DAY) }),
    ...(profile === undefined
      ? {}
      : { profile, because: `mac ${mac} is node ${name ?? ''} of profiles/${profile}.json` }),
    version,
    ...(name === undefined ? {} : { tags: [`rack${1 + (i % 3)}`, ...(kind === SM ? ['gpu'] : [])] }),
    ...(name === undefined || POWER.get(kind) === undefined ? {} : { power: POWER.get(kind) }),
    ...(name === 'lab1'
      ? { installation: { state: 'boot-once' as const, text: 'boots memtest once, at its next boot' } }
      : {}),
    ...(state === 'booting'
      ? {
          download: {
            file: 'flatcar/amd64/4593.2.1/flatcar_production_pxe_image.cpio.gz',
            received: name === 'w13' ? 231_000_000 : 74_000_000,
            size: 372_000_000,
          },
        }
      : {}),
    ...(state === 'installing'
      ? {
          download: {
            file: 'ubuntu/amd64/24.04.3/ubuntu-24.04.3-live-server-amd64.iso',
            received: 1_700_000_000,
            size: 3_100_000_000,
          },
        }
      : {}),
    boots:
      boot === undefined
        ? []
        : Array.from({ length: state === 'installed' ? 2 : 8 + ((i * 5) % 13) }, (_, n) =>
            Math.round((boot + ((n * 13 + i * 7) % 9) - (n % 5 === 3 ? -11 : 4)) * S),
          )
            .concat(boot * S)
            .slice(-20),
  };
}

function hex(value: number): string {
  return (value % 256).toString(16).padStart(2, '0');
}

const SHELF = 'flatcar/amd64/4593.2.1';
/** begin and end in milliseconds from the first question. */
const STEPS: readonly (readonly [TimelineEvent['kind'], string, number, number, Partial<TimelineEvent>?])[] = [
  ['dhcp', 'offered snponly.efi to x86_64, EFI', 0, 0, { what: 'snponly.efi' }],
  ['tftp', 'snponly.efi by TFTP', 420, 1190, { what: 'snponly.efi', bytes: 242_176 }],
  ['dhcp', 'offered boot.ipxe to iPXE', 3110, 3110, { what: 'boot.ipxe' }],
  ['script', 'boot script of profile workers', 3480, 3484, { what: 'script', bytes: 1184, digest: 'a1' }],
  [
    'file',
    'flatcar_production_pxe.vmlinuz',
    3610,
    4420,
    { what: `${SHELF}/flatcar_production_pxe.vmlinuz`, bytes: 60_213_760, status: 200 },
  ],
  [
    'file',
    'flatcar_production_pxe_image.cpio.gz',
    4460,
    9870,
    { what: `${SHELF}/flatcar_production_pxe_image.cpio.gz`, bytes: 372_210_432, status: 200 },
  ],
  [
    'document',
    'configs/worker.ign',
    17_300,
    17_306,
    { what: 'configs/worker.ign', bytes: 4711, digest: 'b2', times: 2 },
  ],
  ['phone-home', 'said that it is up', 38_200, 38_200],
];

function fakeBoot(row: MachineRow, id: number, at: number, ms: number): BootView {
  const failed = row.state === 'failed' && id === 100;
  const going = row.state === 'booting' && id === 100;
  const scale = ms / 38_200;
  const steps = failed ? STEPS.slice(0, 6) : going ? STEPS.slice(0, 5) : STEPS;
  const events = steps.map(([kind, text, begin, end, more], i): TimelineEvent => ({
    id: id * 100 + i,
    at: at + Math.round(end * scale),
    kind,
    text,
    ok: true,
    times: 1,
    ...(end > begin ? { ms: Math.round((end - begin) * scale) } : {}),
    ...more,
  }));
  const refused: TimelineEvent = {
    id: id * 100 + 50,
    at: at + 21_000,
    kind: 'refused',
    text: 'configs/worker.ign: variable "vars.rack" is not there',
    what: '/configs/worker.ign',
    status: 500,
    ok: false,
    times: 4,
  };
  return {
    id,
    at,
    outcome: row.state === 'unknown' ? 'unknown' : row.profile === 'storage-ubuntu' ? 'install' : 'boot',
    profile: row.profile,
    version: row.version,
    ...(failed || going || row.state === 'unknown' ? {} : { ms, upAt: at + ms }),
    events: row.state === 'unknown' ? events.slice(0, 4) : failed ? [...events, refused] : events,
  };
}

const SENT = `#!ipxe
echo w1: Flatcar Container Linux 4593.2.0
:fetch
imgfree
kernel --timeout 30000 --name linux http://10.20.0.2:4777/images/flatcar/amd64/4593.2.0/flatcar_production_pxe.vmlinuz initrd=main console=ttyS0 flatcar.first_boot=1 ignition.config.url=http://10.20.0.2:4777/configs/worker.ign?mac=b0-26-28-4d-82-1d || goto retry
initrd --timeout 30000 --name main http://10.20.0.2:4777/images/flatcar/amd64/4593.2.0/flatcar_production_pxe_image.cpio.gz || goto retry
boot || goto retry
:retry
echo Trying again in \${pause:int32} s, Ctrl-C gives up
sleep \${pause:int32} || exit 1
goto fetch
`;
const IGNITION = `{
  "ignition": { "version": "3.4.0" },
  "storage": {
    "files": [
      { "path": "/etc/hostname", "contents": { "source": "data:,w1" }, "mode": 420 }
    ]
  }
}
`;

export function fakeMachine(row: MachineRow, now: number): MachineView {
  const last = now - (row.lastSeen === undefined ? 0 : now - row.lastSeen);
  const boots =
    row.lastSeen === undefined
      ? []
      : row.boots.length === 0
        ? [fakeBoot(row, 100, last - 9000, 38_200)]
        : row.boots
            .toReversed()
            .map((ms, i) => fakeBoot(row, 100 - i, last - (i === 0 ? ms : i * 2 * DAY + i * 5 * HOUR), ms));
  const known = row.profile !== undefined;
  return {
    row,
    boots,
    ...(known ? { once: [{ name: 'memtest' }, { name: 'storage', erases: '/dev/nvme0n1' }] } : {}),
    because: row.because ?? `no profile names ${row.key}, and there is no default profile`,
    texts:
      !known || row.lastSeen === undefined
        ? [{ title: 'boot script', now: SENT }]
        : [
            { title: 'boot script', sentAt: last, sent: SENT, now: SENT.replaceAll('4593.2.0', '4593.2.1') },
            { title: 'configs/worker.ign', sentAt: last, sent: IGNITION, now: IGNITION },
          ],
  };
}

const LOG: readonly (readonly [number, string, string])[] = [
  [6, 'kernel', '[    0.000000] Linux version 6.1.0-42-amd64'],
  [6, 'main-menu', "INFO: Menu item 'netcfg' selected"],
  [7, 'netcfg', 'INFO: found link on eth0'],
  [6, 'main-menu', "INFO: Menu item 'choose-mirror' selected"],
  [4, 'choose-mirror', 'WARNING **: mirror does not support the specified release (bookworm)'],
  [3, 'main-menu', "(process:312): WARNING **: Configuring 'choose-mirror' failed with error code 1"],
];

/** What the installer of a machine that is installed says; the others say nothing. */
export function fakeLog({ state, address = '10.0.0.7' }: MachineRow, now: number): LogPage {
  const said = state === 'installing' || state === 'failed' ? LOG : [];
  const lines = said.map(([severity, program, text], i) => ({
    ...{ id: i + 1, at: now - 20_000 + i * 1500, from: address, severity, program, text },
  }));
  return { lines, last: lines.length };
}

export function fakeProfileBoots(now: number): NonNullable<MachinePage['byProfile']> {
  const boot = { address: '192.168.122.2', profile: 'a-coreos', boots: 12, firstSeen: now - 9e8, lastSeen: now - 9e6 };
  const waits = 'asked for profiles/storage-ubuntu.json by name, which installs: which machine asks is not known';
  return [{ ...boot, address: '192.168.122.9', profile: 'storage-ubuntu', boots: 0, waits }, boot];
}
