import type { FileView, VersionView } from '../../src/model/file-views.ts';
import type { LeasesView } from '../../src/model/machine-views.ts';
import type { ActivityPage } from '../../src/model/operator-views.ts';
import type { ReleasesView } from '../../src/model/release-views.ts';
import type { HealthView, MachinePage, MachineView, ProfileView } from '../../src/model/views.ts';

/** What a machine, a publisher or a file may say to hurt a page. */
export const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>{{this}}javascript:alert(3)`;
const H = HOSTILE;
const PROBLEM = {
  severity: 'error',
  message: H,
  place: { file: `profiles/${H}.json`, key: H, line: 1 },
  remedy: H,
} as const;

/** Every text of every view is hostile, one view for each page. */
export const HOSTILE_MACHINE: MachineView = {
  row: {
    key: `serial:${H}`,
    mac: H,
    uuid: H,
    serial: H,
    name: H,
    hostname: H,
    manufacturer: H,
    product: H,
    address: H,
    vendor: H,
    state: 'failed',
    since: 0,
    firstSeen: 0,
    lastSeen: 0,
    profile: H,
    version: H,
    because: H,
    download: { file: H, received: 1, size: 2 },
    boots: [1000],
  },
  because: H,
  boots: [1, 2].map((id) => ({
    id,
    at: 0,
    outcome: 'boot',
    profile: H,
    version: H,
    ms: 1000,
    events: [{ id, at: 0, kind: 'refused', text: H, what: H, ok: false, times: 2 }],
  })),
  texts: [
    { title: H, sentAt: 0, sent: H, now: `${H}\n${H}`, problem: H },
    { title: `${H} 2`, sentAt: 0, sent: H, now: H },
  ],
};

export const HOSTILE_PAGE: MachinePage = {
  machines: [HOSTILE_MACHINE.row],
  next: H,
  total: 1,
  byProfile: [{ address: H, profile: H, boots: 1, firstSeen: 0, lastSeen: 0, waits: H }],
  tags: [H],
  states: { unknown: 1, assigned: 0, booting: 0, up: 0, installing: 0, installed: 0, failed: 1 },
};

export const HOSTILE_PROFILE: ProfileView = {
  name: H,
  file: H,
  system: 'custom',
  title: H,
  channel: H,
  arch: H,
  version: H,
  update: 'auto',
  nodes: 1,
  default: true,
  install: true,
  problems: [PROBLEM],
  inForce: true,
  text: `</textarea>${H}\n${H}`,
  revision: H,
  members: [{ name: H, key: H, address: H, identity: H }],
  keys: [{ key: H, help: H, example: H }],
};

export const HOSTILE_RELEASES: ReleasesView = {
  running: true,
  schedule: H,
  nextRun: 0,
  targets: [
    {
      target: H,
      profiles: [H],
      shelves: [1, 2].map((i) => ({
        shelf: `${H}${i}`,
        version: H,
        size: 1,
        publishedAt: 0,
        verified: H,
        keptBecause: [H],
      })),
      held: H,
      progress: { state: 'fetching', version: H, received: 1, size: 2, message: H },
    },
  ],
  runs: [{ run: 0, failed: 1, steps: [{ at: 0, event: { kind: 'failed', target: H, message: H } }] }],
};

export const HOSTILE_HEALTH: HealthView = {
  version: H,
  uptimeSeconds: 1,
  problems: [PROBLEM],
  troubles: [{ what: H, remedy: H, severity: 'error' }],
  facts: [{ name: H, value: H }],
};

export const HOSTILE_ACTIVITY: ActivityPage = {
  activities: [1, 2].map((id) => ({
    ...{ id, at: 0, who: H, from: H, action: H, text: H },
    target: id === 1 ? `profiles/${H}.json` : H,
    diff: [{ file: H, lines: [{ sign: '+', text: H }] }],
  })),
  noJournal: H,
  next: 1,
};

export const HOSTILE_LEASES: LeasesView = {
  leases: [
    { address: H, mac: H, state: 'in use', at: 0, until: 1, name: H, profile: H },
    { address: '10.0.0.1', mac: '52:54:00:55:1c:ee', state: 'resting', at: 0, until: 1, node: H },
  ],
  off: H,
};

export const HOSTILE_USERS = {
  users: [{ name: H, role: 'viewer', added: 0, password: true, tokens: 1, sessions: 1 }],
  tokens: [{ id: H, user: H, name: H, role: 'viewer', made: 0, ends: 0, ended: true }],
  sessions: [{ id: H, user: H, born: 0, seen: 0, expires: 0, from: H, agent: H, own: false }],
  you: H,
  now: 0,
  fresh: { token: H, id: H, user: H, ends: 0 },
  failed: { message: H, remedy: H, status: 400 },
  typed: { form: '/add', name: H, role: H, user: H },
} as const;

export const HOSTILE_VERSIONS: readonly VersionView[] = [{ id: H, at: 0, who: H }];

export const HOSTILE_FILE: FileView = {
  ...{ file: `configs/${H}`, folder: 'configs', name: H, problems: [PROBLEM], inForce: false, usedBy: [H] },
  ...{ text: `${H}\n${H}`, revision: H, versions: HOSTILE_VERSIONS },
};
