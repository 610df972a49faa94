import type { ReleasesView, RolloutView } from '../../src/model/release-views.ts';
import { fakeRollout, sampleRollouts } from './sample-rollouts.ts';
import { createHash } from 'node:crypto';
import type { AdminOperations } from '../../src/admin/service/service.ts';
import { Failure } from '../../src/model/failure.ts';
import { MACHINE_STATES, type MachineState } from '../../src/model/machine-list.ts';
import type { HealthView, MachinePage, MachineQuery, MachineRow, ProfileRow } from '../../src/model/views.ts';
import { machinePart } from '../../src/admin/service/machine-list.ts';
import { FAKE_FILES, fakeFiles } from './fake-files.ts';
import { fakeReleases } from './fake-releases.ts';
import { fakeLog, fakeMachine, fakeProfileBoots, fakeRows } from './fake-machines.ts';
import { FAKE_HEALTH, FAKE_KEYS, FAKE_PROFILES, fakeLeases, fakeProfileText } from './sample-admin-data.ts';

/** An admin service without a app context behind it: keeps what it is told in memory. Strict: what it does not know is `not-found`. */
export interface FakeAdminService extends AdminOperations {
  rows: readonly MachineRow[];
  profileRows: readonly ProfileRow[];
  releasesView: ReleasesView;
  rolloutViews: readonly RolloutView[];
  healthView: HealthView;
  /** The profiles' files. */
  readonly texts: Map<string, string>;
  /** The configs and keys, by file. */
  readonly others: Map<string, string>;
  /** What was asked of it that changes something. */
  readonly calls: string[];
  /** Changes a machine and tells the pages. */
  change(key: string, change: Partial<MachineRow>): void;
  tell(what: 'machines' | 'profiles' | 'releases'): void;
}

function fakeActivities(now: number): Awaited<ReturnType<AdminOperations['activities']>>['activities'] {
  const diff = [
    {
      file: 'profiles/worker.json',
      lines: [
        { sign: ' ', text: '  "channel": "stable",' },
        { sign: '-', text: '  "version": "4593.2.0",' },
        { sign: '+', text: '  "version": "4593.2.1",' },
        { sign: ' ', text: '  "sshkey": "ops"' },
      ],
    },
  ] as const;
  return [
    {
      id: 4,
      at: now - 60_000,
      who: 'anna',
      from: '10.0.0.7',
      action: 'save profile',
      target: 'profiles/worker.json',
      text: 'profiles/worker.json was written',
      diff,
    },
    {
      id: 3,
      at: now - 3_600_000,
      who: 'bert (token terraform)',
      from: '10.0.0.9',
      action: 'adopt',
      target: '52:54:00:55:1c:ee',
      text: 'into profiles/worker.json as w1',
    },
    { id: 2, at: now - 7_200_000, who: 'root on this host', action: 'sync', text: 'a run of the sync' },
    {
      id: 1,
      at: now - 90_000_000,
      who: 'admin token',
      from: '127.0.0.1',
      action: 'add user',
      target: 'anna',
      text: 'anna is admin',
    },
  ];
}

/** Three users, of whom one is at it. */
function fakeAccounts(now: number): AdminOperations['accounts'] {
  const HOUR = 3_600_000;
  const tokens = [
    {
      id: 'Zm9vYmFy',
      user: 'anna',
      name: 'prometheus',
      role: 'viewer',
      made: now - 99 * HOUR,
      ends: now + 999 * HOUR,
      ended: false,
    },
    {
      id: 'YmF6cXV4',
      user: 'bert',
      name: 'terraform',
      role: 'operator',
      made: now - 2999 * HOUR,
      ends: now - HOUR,
      ended: true,
    },
  ] as const;
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const sessions = [
    {
      id: 'a'.repeat(22),
      user: 'anna',
      born: now - HOUR,
      seen: now,
      expires: now + 12 * HOUR,
      from: '10.0.0.7',
      agent,
      own: true,
    },
    {
      id: 'b'.repeat(22),
      born: now - 9 * HOUR,
      seen: now - HOUR,
      expires: now + 3 * HOUR,
      from: '10.0.0.8',
      own: false,
    },
  ];
  const named = async (name: string) => ({ name });
  return {
    account: async () => ({
      who: 'anna',
      role: 'admin',
      by: 'session',
      user: 'anna',
      tokens: tokens.slice(0, 1),
      sessions: sessions.slice(0, 1),
    }),
    users: async () => [
      { name: 'anna', role: 'admin', added: now - 999 * HOUR, password: true, tokens: 1, sessions: 1 },
      { name: 'bert', role: 'operator', added: now - 99 * HOUR, password: true, tokens: 1, sessions: 0 },
      { name: 'monitoring', role: 'viewer', added: now - HOUR, password: false, tokens: 0, sessions: 0 },
    ],
    addUser: async ({ name }) => named(name),
    setUserRole: named,
    setPassword: named,
    removeUser: named,
    apiTokens: async () => tokens,
    createApiToken: async ({ user = 'anna' }) => ({
      token: `plt_${'x'.repeat(43)}`,
      id: 'Zm9vYmFy',
      user,
      ends: now + 2160 * HOUR,
    }),
    revokeApiToken: async () => ({ user: 'anna', name: 'prometheus' }),
    sessions: async () => sessions,
    endSession: async () => ({ user: 'anna' }),
  };
}

export function sampleAdminService(now = Date.now(), empty = false): FakeAdminService {
  const listeners = new Set<(what: 'machines' | 'profiles' | 'releases') => void>();
  const revision = (text: string): string => createHash('sha256').update(text).digest('hex');
  const row = (key: string): MachineRow =>
    adminService.rows.find((one) => one.key === key) ?? missing(`machine ${key}`);
  const profileRow = (name: string): ProfileRow =>
    adminService.profileRows.find((one) => one.name === name) ?? missing(`profile ${name}`);

  const adminService: Omit<FakeAdminService, keyof ReturnType<typeof fakeFiles>> = {
    rows: empty ? [] : fakeRows(now),
    profileRows: empty ? [] : FAKE_PROFILES,
    rolloutViews: empty ? [] : [fakeRollout(now)],
    releasesView: empty ? { running: false, targets: [], runs: [] } : fakeReleases(now),
    healthView: empty ? { ...FAKE_HEALTH, problems: [], troubles: [] } : FAKE_HEALTH,
    texts: new Map(empty ? [] : FAKE_PROFILES.map((one) => [one.name, fakeProfileText(one)])),
    others: new Map(empty ? [] : Object.entries(FAKE_FILES)),
    calls: [],
    change(key, change) {
      adminService.rows = adminService.rows.map((one) => (one.key === key ? { ...one, ...change } : one));
      adminService.tell('machines');
    },
    tell(what) {
      for (const listener of listeners) listener(what);
    },
    accounts: fakeAccounts(now),
    leases: async () => ({ leases: empty ? [] : fakeLeases(now) }),
    activities: async () => ({ activities: empty ? [] : fakeActivities(now) }),
    machines: async (query) => ({
      ...pageOf(adminService.rows, query),
      ...(empty || query.state !== undefined || query.skip !== 0 ? {} : { byProfile: fakeProfileBoots(now) }),
    }),
    machine: async (key) => fakeMachine(row(key), now),
    machineLog: async (key) => fakeLog(row(key), now),
    sent: async (digest) => missing(`text ${digest}`),
    async adopt({ key, profile, name }) {
      row(key);
      const { file, version } = profileRow(profile);
      if (name === 'taken')
        throw new Failure('conflict', 'profiles/workers.json has a node taken already', {
          remedy: 'choose another name',
        });
      adminService.calls.push(`adopt ${key} ${profile} ${name ?? ''}`);
      adminService.change(key, { state: 'assigned', profile, version, name: name ?? key });
      return { file, name: name ?? key };
    },
    async release(key) {
      adminService.calls.push(`release ${key}`);
      const { name = key, profile = '' } = row(key);
      adminService.rows = adminService.rows.map((one) => {
        if (one.key !== key) return one;
        return { key, mac: key, state: 'unknown', boots: [], lastSeen: one.lastSeen ?? now };
      });
      adminService.tell('machines');
      return { file: `profiles/${profile}.json`, name };
    },
    async cancelReinstall(key) {
      adminService.calls.push(`cancelReinstall ${key}`);
      return { key };
    },
    async bootOnce(key, profile, erase) {
      adminService.calls.push(`bootOnce ${key} ${profile}${erase === true ? ', erase' : ''}`);
      return { key };
    },
    async cancelBootOnce(key) {
      adminService.calls.push(`cancelBootOnce ${key}`);
      return { key };
    },
    async releaseClaim(key) {
      adminService.calls.push(`releaseClaim ${key}`);
      return { key };
    },
    async power(key, action) {
      if (row(key).name === 'broken') throw new Failure('unavailable', 'no IPMI controller answers at 10.0.0.9');
      adminService.calls.push(`power ${action} ${key}`);
      return { key, state: action === 'off' ? 'off' : 'on', text: 'power is on' };
    },
    async reinstallNow(key) {
      adminService.calls.push(`reinstallNow ${key}`);
      row(key);
      return { key, at: now, fromNetwork: true, restarted: true, until: 'installed', state: 'on', text: 'cycled' };
    },
    async acceptState() {
      adminService.calls.push('acceptState');
      return { accepted: true };
    },
    async reinstall(key) {
      adminService.calls.push(`reinstall ${key}`);
      row(key);
      return { key };
    },
    profiles: async () => adminService.profileRows,
    async profile(name) {
      const text = adminService.texts.get(name) ?? '';
      const members = adminService.rows.filter((one) => one.profile === name);
      return {
        ...profileRow(name),
        text,
        revision: revision(text),
        members: members.map((one) => ({
          name: one.name ?? '',
          key: one.key,
          identity: `mac ${one.key}`,
          address: one.address,
        })),
        keys: FAKE_KEYS,
      };
    },
    releases: async () => adminService.releasesView,
    beginUpload: async (bytes) => {
      adminService.calls.push(`beginUpload ${bytes}`);
      return 'a'.repeat(32);
    },
    uploadPiece: async (_upload, name, at, piece) => {
      adminService.calls.push(`uploadPiece ${name} ${at} ${piece.length}`);
    },
    importUpload: async (_upload, { digests }) => {
      adminService.calls.push(`importUpload ${digests ?? ''}`);
      return { shelves: ['flatcar/amd64/4593.2.5'] };
    },
    async syncNow() {
      adminService.calls.push('sync');
      const started = !adminService.releasesView.running;
      adminService.releasesView = { ...adminService.releasesView, running: true };
      return { started };
    },
    syncSteps: async () => missing('run of the sync'),
    async rollback(profile, version) {
      adminService.calls.push(`rollback ${profile} ${version ?? ''}`);
      const from = profileRow(profile).version;
      if (version === from) throw new Failure('invalid', `profile ${profile} boots ${from} already`);
      return { profile, from, to: version ?? 'before' };
    },
    async pin(profile, change) {
      adminService.calls.push(`${change} ${profile}`);
      return { message: `${change} ${profileRow(profile).name}` };
    },
    ...sampleRollouts(() => adminService),
    async prune() {
      adminService.calls.push('prune');
      return { removed: [] };
    },
    health: async () => adminService.healthView,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const files = fakeFiles(
    {
      ...{ texts: adminService.texts, others: adminService.others, calls: adminService.calls },
      machinesOf: (profile) =>
        adminService.rows
          .filter((one) => one.profile === profile && one.name !== undefined)
          .map(({ name = '', key }) => ({ name, key })),
      saved(name, fresh) {
        if (fresh) {
          adminService.profileRows = [
            ...adminService.profileRows,
            { ...(FAKE_PROFILES[5] ?? missing('a profile')), name, file: `profiles/${name}.json`, nodes: 0 },
          ];
        }
        adminService.tell('profiles');
      },
    },
    now,
  );
  return Object.assign(adminService, files);
}

function pageOf(rows: readonly MachineRow[], query: MachineQuery): MachinePage {
  const { text, state, profile, tag } = query;
  const wanted = rows
    .filter((row) => state === undefined || row.state === state)
    .filter((row) => profile === undefined || row.profile === profile)
    .filter((row) => tag === undefined || row.tags?.includes(tag) === true)
    .filter(
      (row) =>
        text === undefined ||
        Object.values(row).some(
          (value) => typeof value === 'string' && value.toLowerCase().includes(text.toLowerCase()),
        ),
    )
    .toSorted((a, b) => (b.lastSeen ?? 0) - (a.lastSeen ?? 0));
  const count = (one: MachineState): number => rows.filter((row) => row.state === one).length;
  return {
    ...machinePart(wanted, query),
    ...(rows.length === 0 ? {} : { leases: 2 }),
    tags: [...new Set(rows.flatMap(({ tags }) => tags ?? []))].sort(),
    states: Object.fromEntries(MACHINE_STATES.map((one) => [one, count(one)])) as MachinePage['states'],
  };
}

function missing(what: string): never {
  throw new Failure('not-found', `there is no ${what}`);
}
