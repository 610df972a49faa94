import { Type as t } from '@sinclair/typebox';
import type { FileDiagnostic, Place } from './failure.ts';
import { MACHINE_SORTS, MACHINE_STATES, type MachineState } from './machine-list.ts';
import type { Question } from './plan.ts';
import { LogLineView, LogPage, PowerView } from './machine-views.ts';
import { SYSTEM_IDS } from './profile.ts';
import { list, moment, oneOf, ref, text, type View, whole } from './schema.ts';
import { ReleaseRow, ReleasesView, SyncRunView, SyncSteps } from './release-views.ts';
import { SyncEventView } from './sync-event.ts';

// What operators are shown, in the API as on the pages: from these schemas come the types, the checks of the API and
// its OpenAPI document. Other rooms import the types only: TypeBox is loaded when the API is first asked.
// Times are milliseconds since 1970, durations milliseconds.

// ---- machines

export const InstallationView = t.Object({
  state: oneOf(
    ['boot-once', 'claimed', 'damaged', 'erase-pending'],
    'what an operator or its installation waits for: `boot-once`, it boots another profile once; `erase-pending`, an operator wants it installed anew; `claimed`, its installer left and has not begun; `damaged`, what is known of it cannot be understood',
  ),
  text: text('one line for people'),
  erases: t.Optional(text('`boot-once`, of a profile that installs: the disk that it erases')),
});
export type InstallationView = View<typeof InstallationView>;

export const Download = t.Object({
  file: text('what is on its way to the machine now'),
  received: whole('bytes'),
  size: whole('bytes'),
});
export type Download = View<typeof Download>;

/** A machine as a line of the table. */
export const MachineRow = t.Object({
  key: text('what tells machines apart: the MAC, else `uuid:...`, else `serial:...`'),
  state: oneOf(MACHINE_STATES, 'where the machine is in its life'),
  boots: list(t.Number(), 'how long its last boots took, in milliseconds, oldest first'),
  mac: t.Optional(text()),
  uuid: t.Optional(text()),
  serial: t.Optional(text()),
  name: t.Optional(text("the node's name in its profile")),
  hostname: t.Optional(text('what it calls itself')),
  manufacturer: t.Optional(text()),
  product: t.Optional(text()),
  address: t.Optional(text()),
  vendor: t.Optional(text('who made its network card')),
  since: t.Optional(moment('since when it is in that state')),
  firstSeen: t.Optional(moment('when it was first seen')),
  lastSeen: t.Optional(moment('when it was last seen')),
  profile: t.Optional(text('of its last boot, or the one that it would boot')),
  version: t.Optional(text()),
  because: t.Optional(text('why that profile')),
  tags: t.Optional(list(t.String(), 'of its node')),
  power: t.Optional(ref('Power', PowerView)),
  installation: t.Optional(ref('Installation', InstallationView)),
  download: t.Optional(ref('Download', Download)),
});
export type MachineRow = View<typeof MachineRow>;

/** More machines than are unpacked in a day ask for the first time within minutes: they may be invented. */
export const FloodView = t.Object({
  newcomers: whole('machines that no profile names and that were never seen before, in the last ten minutes'),
  removed: whole('unknown machines that were forgotten in the last hour to make room for them'),
  from: t.Optional(text('the address that more than half of them used')),
});
export type FloodView = View<typeof FloodView>;

/** `/?profile=NAME` does not say which machine asks: what booted that way is known by its address. */
export const ProfileBoot = t.Object({
  address: text('from which it was asked'),
  profile: text('whose name was asked for'),
  boots: whole('how often it was told to boot'),
  firstSeen: moment('when it was first asked'),
  lastSeen: moment('when it was last asked'),
  waits: t.Optional(text('why it was told to wait when it last asked; absent when it was told to boot')),
});
export type ProfileBoot = View<typeof ProfileBoot>;

export const MachinePage = t.Object({
  machines: list(ref('MachineRow', MachineRow), 'last seen first; those that were never seen come after them, by name'),
  // How many there are, whatever was asked for.
  states: t.Unsafe<Record<MachineState, number>>(
    t.Object(Object.fromEntries(MACHINE_STATES.map((state) => [state, whole()]))),
  ),
  total: whole('how many fit what was asked for'),
  next: t.Optional(
    text('give it back as `after` for the next page; absent on the last one, and with `sort` or `skip`'),
  ),
  tags: t.Optional(list(t.String(), 'every tag that a node has')),
  byProfile: t.Optional(
    list(
      ref('ProfileBoot', ProfileBoot),
      'boots by `/?profile=NAME`, newest first, at most 500; on the first page, where neither `state` nor `tag` is given',
    ),
  ),
  flood: t.Optional(ref('Flood', FloodView)),
  leases: t.Optional(whole('addresses in use that this server gave out; absent where it gives none')),
  noJournal: t.Optional(text('why nothing is written down, and what to do; absent while the journal is on')),
});
export type MachinePage = View<typeof MachinePage>;

export const DEFAULT_LIMIT = 100;

export const MachineFilter = t.Object({
  text: t.Optional(text('part of a MAC, name, serial, product, address or tag', { maxLength: 128 })),
  state: t.Optional(oneOf(MACHINE_STATES)),
  profile: t.Optional(text('the profile that it boots', { maxLength: 128 })),
  tag: t.Optional(text('a tag of its node', { maxLength: 32 })),
  sort: t.Optional(oneOf(MACHINE_SORTS, 'by which column, `-` the other way round; last seen first when absent')),
  skip: t.Optional(whole('how many to leave out; who wants all of them gives `after`', { minimum: 0 })),
  after: t.Optional(text('`next` of the page before', { maxLength: 512 })),
  limit: t.Optional(whole(`how many; ${DEFAULT_LIMIT} when absent`, { minimum: 1, maximum: 500 })),
});
export type MachineQuery = View<typeof MachineFilter> & { readonly limit: number };

/** One thing that happened to a machine. */
export const TimelineEvent = t.Object({
  id: whole(),
  at: moment('when it was over'),
  kind: oneOf([
    'dhcp',
    'tftp',
    'script',
    'file',
    'document',
    'phone-home',
    'installed',
    'refused',
    'incident',
    'operator',
    'log',
  ]),
  text: text('one line for people'),
  ok: t.Boolean(),
  times: whole('how often the same happened again within a moment; 1 when it did not'),
  what: t.Optional(text('the file, document or path that it is about')),
  ms: t.Optional(t.Number({ description: 'how long it took' })),
  bytes: t.Optional(whole()),
  status: t.Optional(whole('HTTP status')),
  digest: t.Optional(text('what it was sent: ask /sent/DIGEST for it')),
});
export type TimelineEvent = View<typeof TimelineEvent>;

/** From the first thing that a machine asked to the moment in which it was up. */
export const BootView = t.Object({
  id: whole(),
  at: moment('when it began'),
  outcome: oneOf(['boot', 'install', 'local', 'menu', 'unknown', 'waiting'], 'what it was told to do'),
  events: list(ref('TimelineEvent', TimelineEvent), 'oldest first'),
  profile: t.Optional(text()),
  version: t.Optional(text()),
  ms: t.Optional(t.Number({ description: "from its first question to its phone-home (or the installer's report)" })),
  upAt: t.Optional(moment('when it was up')),
});
export type BootView = View<typeof BootView>;

/** What a machine was sent last, and what it would be sent now. */
export const SentAndNow = t.Object({
  title: text('`boot script`, `configs/worker.ign`'),
  sentAt: t.Optional(moment('when it was sent last')),
  sent: t.Optional(text('what it was sent last')),
  now: t.Optional(text('what it would be sent now')),
  problem: t.Optional(text('why there is no text now')),
});
export type SentAndNow = View<typeof SentAndNow>;

/** One machine, whole. */
export const MachineView = t.Object({
  row: ref('MachineRow', MachineRow),
  boots: list(ref('BootView', BootView), 'newest first, at most 20'),
  because: text('why it gets what it would get now'),
  hint: t.Optional(t.Object({ message: text('why it may not get that far'), remedy: t.Optional(text()) })),
  texts: list(ref('SentAndNow', SentAndNow)),
  once: t.Optional(list(t.Object({ name: text(), erases: t.Optional(text('the disk')) }), 'what it may boot once')),
});
export type MachineView = View<typeof MachineView>;
/** What the journal knows of one machine: at most 20 boots, each with at most 200 events. */
export type MachineHistory = Pick<MachineView, 'boots' | 'row'>;

/** With the question that its last boot script answered: not shown, but asked once more for what it would be sent now. */
export interface RecordedMachine extends MachineHistory {
  readonly asked?: Question;
}

/** A node that was written into a profile, or taken out of it. */
export const WrittenNode = t.Object({ file: text('what was written'), name: text("the node's name") });
export type WrittenNode = View<typeof WrittenNode>;

// ---- problems

const SEVERITY = oneOf(['error', 'warning']);

const PlaceView = t.Object({
  file: text('below the data directory'),
  key: t.Optional(text('`nodes[2].mac`')),
  line: t.Optional(whole('from 1')),
  column: t.Optional(whole('from 1')),
}) satisfies { static: Place };

export const ProblemView = t.Object({
  severity: SEVERITY,
  message: text(),
  place: ref('Place', PlaceView),
  remedy: t.Optional(text('what to do')),
}) satisfies { static: FileDiagnostic };

// ---- profiles

/** A profile as a line of the table. */
export const ProfileRow = t.Object({
  name: text(),
  file: text('`profiles/NAME.json`'),
  system: oneOf(SYSTEM_IDS),
  title: text('the system, for people'),
  channel: text(),
  arch: text(),
  version: text('empty when it names none'),
  update: oneOf(['auto', 'manual'], 'whether the release sync may rewrite the version'),
  nodes: whole('how many it names'),
  default: t.Boolean({ description: 'machines that no profile names boot it' }),
  install: t.Boolean({ description: 'it installs to a disk' }),
  problems: list(ref('Problem', ProblemView), 'of this file and the documents that it names'),
  inForce: t.Boolean({ description: 'false: no good version of it was ever there' }),
});
export type ProfileRow = View<typeof ProfileRow>;

export const ProfileView = t.Object({
  ...ProfileRow.properties,
  text: text('the file as it is on disk now'),
  revision: text('names this very text: a change is made on top of it or not at all'),
  members: list(
    t.Object({
      name: text(),
      identity: text('by what it is recognised'),
      key: t.Optional(text()),
      address: t.Optional(text()),
    }),
    'the machines that it names',
  ),
  keys: list(t.Object({ key: text(), help: text(), example: t.Optional(text()) }), 'what may stand in it'),
});
export type ProfileView = View<typeof ProfileView>;

// ---- the server

export const HealthView = t.Object({
  version: text("Pilotlight's own"),
  uptimeSeconds: t.Number(),
  problems: list(ref('Problem', ProblemView)),
  troubles: list(t.Object({ what: text(), remedy: text(), severity: SEVERITY }), 'of the server itself'),
  facts: list(t.Object({ name: text(), value: text() })),
});
export type HealthView = View<typeof HealthView>;

/** The schemas that the OpenAPI document names. */
export const COMPONENTS = {
  MachineRow,
  Installation: InstallationView,
  Download,
  ProfileBoot,
  MachinePage,
  Flood: FloodView,
  TimelineEvent,
  BootView,
  SentAndNow,
  MachineView,
  LogLine: LogLineView,
  LogPage,
  Power: PowerView,
  Problem: ProblemView,
  Place: PlaceView,
  ProfileRow,
  ProfileView,
  ReleaseRow,
  ReleasesView,
  SyncRun: SyncRunView,
  SyncEvent: SyncEventView,
  SyncSteps,
  HealthView,
};
