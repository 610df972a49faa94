import { MACHINE_STATES } from '../../model/machine.ts';
import { SYSTEM_IDS } from '../../model/profile.ts';
import {
  flag,
  type JsonSchema,
  list,
  moment,
  number,
  object,
  oneOf,
  type Properties,
  ref,
  text,
  whole,
} from './route.ts';

const STATE = oneOf(MACHINE_STATES, 'where the machine is in its life');
const OUTCOME = oneOf(['boot', 'install', 'local', 'menu', 'unknown', 'waiting'], 'what it was told to do');
const KINDS = ['dhcp', 'tftp', 'script', 'file', 'document', 'phone-home', 'installed', 'refused', 'operator'];

/** What the API says of machines: model/views.ts in JSON Schema. A test holds one against the other. */
export const MACHINE_SCHEMAS: Properties = {
  MachineRow: object(
    {
      key: text('what tells machines apart: the MAC, else `uuid:...`, else `serial:...`'),
      state: STATE,
      boots: list(number(), 'how long its last boots took, in milliseconds, oldest first'),
    },
    {
      mac: text(),
      uuid: text(),
      serial: text(),
      name: text("the node's name in its profile"),
      hostname: text('what it calls itself'),
      manufacturer: text(),
      product: text(),
      address: text(),
      vendor: text('who made its network card'),
      since: moment('since when it is in that state'),
      firstSeen: moment('when it was first seen'),
      lastSeen: moment('when it was last seen'),
      profile: text('of its last boot, or the one that it would boot'),
      version: text(),
      because: text('why that profile'),
      installation: ref('Installation'),
      download: ref('Download'),
    },
  ),
  Installation: object({
    state: oneOf(['claimed', 'damaged', 'erase-pending'], 'what its installation waits for'),
    text: text('one line for people'),
  }),
  Download: object({
    file: text('what is on its way to the machine now'),
    received: whole('bytes'),
    size: whole('bytes'),
  }),
  MachinePage: object(
    {
      machines: list(ref('MachineRow'), 'last seen first; those that were never seen come after them, by name'),
      states: object(
        Object.fromEntries(MACHINE_STATES.map((state) => [state, whole()])),
        // How many there are, whatever was asked for.
      ),
    },
    {
      next: text('give it back as `after` for the next page; absent on the last one'),
      flood: ref('Flood'),
    },
  ),
  Flood: object(
    {
      newcomers: whole('machines that no profile names and that were never seen before, in the last ten minutes'),
      removed: whole('unknown machines that were forgotten in the last hour to make room for them'),
    },
    { from: text('the address that more than half of them used') },
  ),
  TimelineEvent: object(
    {
      id: whole(),
      at: moment('when it was over'),
      kind: oneOf(KINDS),
      text: text('one line for people'),
      ok: flag(),
      times: whole('how often the same happened again within a moment; 1 when it did not'),
    },
    {
      what: text('the file, document or path that it is about'),
      ms: number('how long it took'),
      bytes: whole(),
      status: whole('HTTP status'),
      digest: text('what it was sent: ask /sent/DIGEST for it'),
    },
  ),
  BootView: object(
    {
      id: whole(),
      at: moment('when it began'),
      outcome: OUTCOME,
      events: list(ref('TimelineEvent'), 'oldest first'),
    },
    {
      profile: text(),
      version: text(),
      ms: number("from its first question to its phone-home (or the installer's report)"),
      upAt: moment('when it was up'),
    },
  ),
  SentAndNow: object(
    { title: text('`boot script`, `configs/worker.ign`') },
    {
      sentAt: moment('when it was sent last'),
      sent: text('what it was sent last'),
      now: text('what it would be sent now'),
      problem: text('why there is no text now'),
    },
  ),
  MachineView: object({
    row: ref('MachineRow'),
    boots: list(ref('BootView'), 'newest first, at most 20'),
    because: text('why it gets what it would get now'),
    texts: list(ref('SentAndNow')),
  }),
};

const TARGET = { target: text() };
const REWRITE = { profile: text(), from: text(), to: text() };
const SKIPPED = list(object({ profile: text(), why: text() }));
const OUTCOMES = ['published', 'current', 'held', 'failed', 'would-fetch', 'would-rewrite'];

const REPORT = object({
  targets: list(
    object({ ...TARGET, profiles: list(text()), outcome: oneOf(OUTCOMES) }, { version: text(), message: text() }),
  ),
  skipped: SKIPPED,
  rewritten: list(object(REWRITE)),
  removed: list(text()),
  failed: whole(),
});

/** A step of a run of the release sync, as `pilotlight sync --json` prints it: model/sync-event.ts. */
const SYNC_EVENT: JsonSchema = {
  oneOf: [
    step('plan', {
      targets: list(object({ ...TARGET, system: oneOf(SYSTEM_IDS), profiles: list(text()) })),
      skipped: SKIPPED,
    }),
    step('found', { ...TARGET, version: text(), shelf: text(), files: whole(), profiles: list(text()) }),
    step('download', { ...TARGET, file: text(), received: whole() }, { size: whole() }),
    step('retry', { ...TARGET, file: text(), attempt: whole(), waitMs: number(), why: text() }),
    step('verified', { ...TARGET, file: text(), size: whole(), by: text() }),
    step('published', { ...TARGET, shelf: text() }),
    step('rewritten', { ...TARGET, ...REWRITE }),
    step('kept', { ...TARGET, profile: text(), why: text() }),
    step('note', { ...TARGET, message: text() }),
    step('failed', { ...TARGET, message: text() }),
    step('removed', { shelf: text(), size: whole() }),
    step('done', { report: REPORT }),
  ],
};

function step(kind: string, required: Properties, optional: Properties = {}): JsonSchema {
  return object({ kind: { const: kind }, ...required }, optional);
}

const SEVERITY = oneOf(['error', 'warning']);

const PROFILE_ROW: Properties = {
  name: text(),
  file: text('`profiles/NAME.json`'),
  system: oneOf(SYSTEM_IDS),
  title: text('the system, for people'),
  channel: text(),
  arch: text(),
  version: text('empty when it names none'),
  update: oneOf(['auto', 'manual'], 'whether the release sync may rewrite the version'),
  nodes: whole('how many it names'),
  default: flag('machines that no profile names boot it'),
  install: flag('it installs to a disk'),
  problems: list(ref('Problem'), 'of this file and the documents that it names'),
  inForce: flag('false: no good version of it was ever there'),
};

/** What the API says of profiles, releases and health: model/views.ts in JSON Schema. */
export const OFFICE_SCHEMAS: Properties = {
  Problem: object({ severity: SEVERITY, message: text(), place: ref('Place') }, { remedy: text('what to do') }),
  Place: object(
    { file: text('below the data directory') },
    { key: text('`nodes[2].mac`'), line: whole('from 1'), column: whole('from 1') },
  ),
  ProfileRow: object(PROFILE_ROW),
  ProfileView: object({
    ...PROFILE_ROW,
    text: text('the file as it is on disk now'),
    revision: text('names this very text: a change is made on top of it or not at all'),
    members: list(
      object({ name: text(), identity: text('by what it is recognised') }, { key: text(), address: text() }),
      'the machines that it names',
    ),
    keys: list(object({ key: text(), help: text() }, { example: text() }), 'what may stand in it'),
  }),
  Preview: object({
    file: text(),
    diff: list(object({ sign: oneOf([' ', '+', '-']), text: text() })),
    problems: list(ref('Problem'), 'with an error among them it would not come into force, and is not written'),
  }),
  ReleaseRow: object(
    {
      target: text('`flatcar/stable/amd64`'),
      profiles: list(text()),
      shelves: list(
        object(
          {
            shelf: text('below images/'),
            version: text(),
            size: whole('bytes'),
            keptBecause: list(text(), 'empty: the next sync removes it'),
          },
          { publishedAt: moment('when it was published'), verified: text('how it was verified') },
        ),
      ),
    },
    {
      held: text('why it stays at its version'),
      progress: object(
        {
          state: oneOf(['waiting', 'fetching', 'verifying', 'published', 'failed']),
          received: whole('bytes'),
          size: whole('bytes'),
        },
        { version: text(), message: text() },
      ),
    },
  ),
  ReleasesView: object(
    { running: flag('a sync runs now'), targets: list(ref('ReleaseRow')), runs: list(ref('SyncRun'), 'newest first') },
    { schedule: text('minute hour day month weekday; absent: off'), nextRun: moment('the next run') },
  ),
  SyncRun: object(
    {
      run: moment('when it began'),
      failed: whole('how many targets failed'),
      steps: list(object({ at: moment('when'), event: ref('SyncEvent') })),
    },
    { endedAt: moment('when it ended') },
  ),
  SyncEvent: SYNC_EVENT,
  SyncSteps: object(
    {
      steps: list(ref('SyncEvent'), 'of a download only the last one: how far it is'),
      last: whole('what the next question gives as `after`'),
    },
    {
      end: object(
        {
          kind: oneOf(
            ['done', 'busy', 'broken'],
            '`busy`: another process works on the data directory, nothing was done; `broken`: it ended without a report',
          ),
        },
        { message: text() },
      ),
    },
  ),
  HealthView: object({
    version: text("Pilotlight's own"),
    uptimeSeconds: number(),
    problems: list(ref('Problem')),
    troubles: list(object({ what: text(), remedy: text(), severity: SEVERITY }), 'of the server itself'),
    facts: list(object({ name: text(), value: text() })),
  }),
  Error: object({
    error: object(
      {
        code: text(
          '`not-found`, `invalid`, `conflict`, `too-large`, `refused`, `unavailable`, `broken`, `unauthenticated`, ...',
        ),
        message: text('what is wrong'),
      },
      { place: ref('Place'), remedy: text('what to do') },
    ),
  }),
};
