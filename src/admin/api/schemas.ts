import { SYSTEM_IDS } from '../../model/profile.ts';
import { flag, list, moment, number, object, oneOf, ref, text, whole, type Properties } from './json-schema.ts';
import { SYNC_EVENT } from './sync-event-schemas.ts';

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

/** What the API says of profiles, releases and health: domain/office-views.ts in JSON Schema. */
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
