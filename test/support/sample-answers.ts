import type { ReleasesView, RolloutView, SyncRunView } from '../../src/model/release-views.ts';
import type { LogPage, PoweredMachine } from '../../src/model/machine-views.ts';
import { MACHINE_STATES, type MachineState } from '../../src/model/machine-list.ts';
import type { FileRow, FilesView, FileView, Preview, VersionPreview, VersionView } from '../../src/model/file-views.ts';
import type {
  HealthView,
  MachinePage,
  MachineRow,
  MachineView,
  ProfileRow,
  ProfileView,
  TimelineEvent,
} from '../../src/model/views.ts';
import type { FileDiagnostic } from '../../src/model/failure.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';

const AT = Date.UTC(2026, 0, 2);
export const DIGEST = 'ab'.repeat(32);

const PROBLEM: FileDiagnostic = {
  severity: 'error',
  message: 'unknown key',
  place: { file: 'profiles/a.json', key: 'versoin', line: 3, column: 5 },
  remedy: 'did you mean "version"?',
};

const ROW: MachineRow = {
  key: '52:54:00:12:34:56',
  mac: '52:54:00:12:34:56',
  uuid: '7c2b1f0e-0000-4000-8000-000000000001',
  serial: 'S-1',
  name: 'worker-1',
  hostname: 'localhost',
  manufacturer: 'QEMU',
  product: 'Standard PC',
  address: '10.0.0.7',
  vendor: 'Realtek',
  state: 'booting',
  since: AT,
  firstSeen: AT,
  lastSeen: AT,
  profile: 'worker',
  version: '4081.2.0',
  because: 'mac 52:54:00:12:34:56 is node worker-1 of profiles/worker.json',
  installation: { state: 'erase-pending', text: 'will be erased at its next boot' },
  download: { file: 'flatcar/amd64/4081.2.0/vmlinuz', received: 1, size: 2 },
  tags: ['rack1'],
  power: { by: 'IPMI', does: ['on', 'off', 'cycle', 'status'] },
  boots: [31_000, 30_500.5],
};

const EVENT: TimelineEvent = {
  id: 1,
  at: AT,
  kind: 'script',
  text: 'boots worker',
  what: '/ipxe',
  ms: 1.5,
  bytes: 300,
  status: 200,
  ok: true,
  times: 1,
  digest: DIGEST,
};

const STATES = Object.fromEntries(MACHINE_STATES.map((state) => [state, 1])) as Record<MachineState, number>;

const FLOOD = { newcomers: 9000, removed: 700, from: '10.0.0.9' };
export const MACHINE_PAGE: MachinePage = {
  machines: [ROW],
  next: 'cursor',
  states: STATES,
  total: 1,
  tags: ['rack1'],
  byProfile: [
    { address: '10.0.0.8', profile: 'a-coreos', boots: 12, firstSeen: AT, lastSeen: AT },
    { address: '10.0.0.9', profile: 'b', boots: 0, firstSeen: AT, lastSeen: AT, waits: 'it installs' },
  ],
  flood: FLOOD,
};

export const MACHINE_VIEW: MachineView = {
  row: ROW,
  boots: [
    { id: 1, at: AT, outcome: 'boot', profile: 'worker', version: '4081.2.0', ms: 30_000, upAt: AT, events: [EVENT] },
  ],
  because: 'mac ...',
  texts: [{ title: 'boot script', sentAt: AT, sent: '#!ipxe', now: '#!ipxe', problem: 'the template fails' }],
};

export const LOG_PAGE: LogPage = {
  lines: [{ id: 6, at: AT, from: '10.0.0.7', severity: 5, program: 'anna', text: 'a line' }],
  last: 6,
  off: 'no logs are taken',
};

export const POWERED: PoweredMachine = { key: '52:54:00:12:34:56', name: 'w1', state: 'on', text: 'power is on' };

export const PROFILE_ROW: ProfileRow = {
  name: 'worker',
  file: 'profiles/worker.json',
  system: 'flatcar',
  title: 'Flatcar Container Linux',
  channel: 'stable',
  arch: 'amd64',
  version: '4081.2.0',
  update: 'auto',
  nodes: 1,
  default: false,
  install: true,
  problems: [PROBLEM, { severity: 'warning', message: 'x', place: { file: 'a' } }],
  inForce: true,
};

export const PROFILE_VIEW: ProfileView = {
  ...PROFILE_ROW,
  text: '{}\n',
  revision: DIGEST,
  members: [{ name: 'worker-1', key: ROW.key, address: '10.0.0.7', identity: 'mac 52:54:00:12:34:56' }],
  keys: [{ key: 'version', help: 'what boots', example: '"4081.2.0"' }],
};

export const PREVIEW: Preview = {
  file: 'profiles/worker.json',
  diff: [
    { sign: '-', text: 'a' },
    { sign: '+', text: 'b' },
    { sign: ' ', text: 'c' },
  ],
  problems: [],
  machines: [{ name: 'worker-1', key: ROW.key, from: 'worker', to: 'other' }],
  touched: 1,
  unlisted: true,
};
export const BROKEN_PREVIEW: Preview = { ...PREVIEW, problems: [PROBLEM, PROBLEM] };

const VERSION: VersionView = { id: '1764530000000-0123456789ab', at: AT, who: 'anna' };
export const VERSION_PREVIEW: VersionPreview = { ...PREVIEW, version: VERSION, text: 'b', revision: DIGEST };
const FILE_ROW: FileRow = {
  ...{ file: 'configs/a.yml', folder: 'configs', name: 'a.yml', inForce: true },
  ...{ problems: [PROBLEM], usedBy: ['worker'] },
};
export const FILE_VIEW: FileView = { ...FILE_ROW, text: 'b', revision: DIGEST, versions: [VERSION] };
export const FILES_VIEW: FilesView = {
  files: [FILE_ROW],
  removed: [{ file: 'sshkeys/old.pub', folder: 'sshkeys', name: 'old', last: VERSION }],
};

/** One of each kind: who adds a kind must add it here. */
export const SYNC_EVENTS: { readonly [Kind in SyncEvent['kind']]: Extract<SyncEvent, { kind: Kind }> } = {
  plan: {
    kind: 'plan',
    targets: [{ target: 'flatcar/stable/amd64', system: 'flatcar', profiles: ['worker'] }],
    skipped: [{ profile: 'a', why: 'manual' }],
  },
  found: { kind: 'found', target: 't', version: '1', shelf: 's', files: 2, profiles: ['a'] },
  download: { kind: 'download', target: 't', file: 'f', received: 1, size: 2 },
  retry: { kind: 'retry', target: 't', file: 'f', attempt: 1, waitMs: 2, why: 'x' },
  verified: { kind: 'verified', target: 't', file: 'f', size: 1, by: 'signed by x' },
  published: { kind: 'published', target: 't', shelf: 's' },
  rewritten: { kind: 'rewritten', target: 't', profile: 'a', from: '1', to: '2' },
  rollout: { kind: 'rollout', target: 't', profile: 'a', from: '1', to: '2' },
  kept: { kind: 'kept', target: 't', profile: 'a', why: 'x' },
  note: { kind: 'note', target: 't', message: 'x' },
  failed: { kind: 'failed', target: 't', message: 'x' },
  removed: { kind: 'removed', shelf: 's', size: 1 },
  done: {
    kind: 'done',
    report: {
      targets: [{ target: 't', profiles: ['a'], version: '1', outcome: 'published', message: 'x' }],
      skipped: [{ profile: 'a', why: 'x' }],
      rewritten: [{ profile: 'a', from: '1', to: '2' }],
      removed: ['s'],
      failed: 0,
    },
  },
};

const RUN: SyncRunView = {
  run: AT,
  endedAt: AT,
  failed: 0,
  steps: Object.values(SYNC_EVENTS).map((event) => ({ at: AT, event: event })),
};

export const ROLLOUT_VIEW: RolloutView = {
  ...{ profile: 'worker', from: '1', to: '2', state: 'running', why: 'x', begun: AT, since: AT, stage: 1 },
  ...{ opensAt: AT, tolerate: 1 },
  stages: [
    { name: 'canaries', nodes: 2, booted: 2, up: 2, failed: 0 },
    { name: 'wave 1 of 2', share: '50%', nodes: 3, booted: 2, up: 1, failed: 1 },
    { name: 'wave 2 of 2', share: '100%', nodes: 5, booted: 0, up: 0, failed: 0 },
  ],
  failures: [{ machine: 'w3', at: AT, why: 'did not phone home within 5 min 00 s' }],
  waiting: ['w4'],
};

export const RELEASES_VIEW: ReleasesView = {
  running: true,
  schedule: '17 4 * * *',
  nextRun: AT,
  targets: [
    {
      target: 'flatcar/stable/amd64',
      profiles: ['worker'],
      shelves: [
        {
          shelf: 'flatcar/amd64/4081.2.0',
          version: '4081.2.0',
          size: 3,
          publishedAt: AT,
          verified: 'signed by ...',
          keptBecause: ['named by profiles/worker.json'],
        },
      ],
      held: 'it stood still for a quarter',
      progress: { state: 'fetching', version: '4081.2.1', received: 1, size: 2, message: 'x' },
    },
  ],
  runs: [RUN],
};

export const HEALTH_VIEW: HealthView = {
  version: '0.1.0',
  uptimeSeconds: 3.5,
  problems: [PROBLEM],
  troubles: [{ what: 'the journal is off', remedy: 'free some space', severity: 'error' }],
  facts: [{ name: 'profiles', value: '3' }],
};
