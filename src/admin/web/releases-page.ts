import type { Request, Response } from 'express';
import { readBody } from '../../http/read-body.ts';
import { Failure } from '../../model/failure.ts';
import type { ReleaseRow, ReleasesView, RolloutView, SyncRunView } from '../../model/release-views.ts';
import { ROLLOUT_ACTIONS, type RolloutAction } from '../../model/rollout.ts';
import type { SyncEvent } from '../../model/sync-event.ts';
import { bytesText, durationText, plural } from '../../model/text.ts';
import { respondLine } from '../respond.ts';
import { demand } from '../service/operations.ts';
import { fieldText, longField, queryText, requiredField } from './form-fields.ts';
import { moment, optionalMoment, profileHref, slug } from './format.ts';
import { type FormFailure, formFailure, type Page, type PageDeps, type PageShow } from './page.ts';

const PATH = '/dashboard/releases';

export function mountReleasesPage(show: PageShow, { adminService }: PageDeps): void {
  async function page(req: Request, res: Response, failed?: FormFailure): Promise<void> {
    const rollouts = await adminService.rollouts();
    const view = await adminService.releases();
    await show.page(req, res, releasesPage(view, Date.now(), failed, rollouts), failed?.status);
  }

  show.route('Releases', PATH, { get: async (req, res) => page(req, res) });
  show.route('Releases', `${PATH}/sync`, {
    async post(req, res) {
      const { started } = await adminService.syncNow();
      show.done(req, res, PATH, started ? 'syncing' : 'sync-runs');
    },
  });
  mountUpload(show, { adminService }, page);
  show.route('Releases', `${PATH}/rollout`, {
    async post(req, res) {
      try {
        await adminService.rollout(requiredField(req, 'profile'), { action: actionIn(requiredField(req, 'action')) });
      } catch (error) {
        await page(req, res, formFailure(error));
        return;
      }
      show.done(req, res, PATH, 'rollout');
    },
  });
  show.route('Releases', `${PATH}/rollback`, {
    async post(req, res) {
      try {
        await adminService.rollback(requiredField(req, 'profile'), fieldText(req, 'version'));
      } catch (error) {
        await page(req, res, formFailure(error));
        return;
      }
      show.done(req, res, PATH, 'rolled-back');
    },
  });
}

/** A browser's request must be whole within half a minute: what is larger comes in pieces (assets/upload.js). */
const MOST_IN_PIECE = 8 * 2 ** 20;

function mountUpload(
  show: PageShow,
  { adminService }: Pick<PageDeps, 'adminService'>,
  page: (req: Request, res: Response, failed?: FormFailure) => Promise<void>,
): void {
  // Read by our script, which shows the line.
  const told = async (req: Request, res: Response, work: () => Promise<string>): Promise<void> => {
    try {
      respondLine(req, res, 200, await work());
    } catch (error) {
      const { message, remedy, status } = formFailure(error);
      respondLine(req, res, status, remedy === undefined ? message : `${message} (${remedy})`);
    }
  };
  show.route('Releases', `${PATH}/upload/begin`, {
    post: async (req, res) =>
      told(req, res, () => adminService.beginUpload(wholeNumber(requiredField(req, 'bytes'), 'bytes'))),
  });
  show.route('Releases', `${PATH}/upload/piece`, {
    post: async (req, res) =>
      told(req, res, async () => {
        demand('uploadPiece');
        const [upload = '', name = ''] = ['upload', 'name'].map((word) => queryText(req, word));
        const at = wholeNumber(queryText(req, 'at'), 'at');
        await adminService.uploadPiece(upload, name, at, await readBody(req, MOST_IN_PIECE));
        return 'ok';
      }),
  });
  show.route('Releases', `${PATH}/upload`, {
    async post(req, res) {
      const [channel, version] = [fieldText(req, 'channel'), fieldText(req, 'version')];
      try {
        const upload = fieldText(req, 'upload');
        if (upload === undefined) throw new Failure('invalid', 'no file was uploaded', { remedy: 'choose the files' });
        const wish = { channel, version, digests: longField(req, 'digests'), place: fieldText(req, 'place') };
        const { shelves } = await adminService.importUpload(upload, wish);
        show.done(req, res, PATH, shelves.length === 0 ? 'nothing-new' : 'uploaded');
      } catch (error) {
        await page(req, res, formFailure(error));
      }
    },
  });
}

function wholeNumber(text: string | undefined, name: string): number {
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  throw new Failure('invalid', `"${name}" is not a whole number`);
}

export function releasesPage(
  view: ReleasesView,
  now: number,
  failed?: FormFailure,
  rollouts: readonly RolloutView[] = [],
): Page {
  return {
    view: 'releases',
    section: 'Releases',
    live: ['releases', 'profiles'],
    scripts: ['upload.js'],
    summary: view.running ? 'a sync is running' : `${plural(view.targets.length, 'channel')}, no sync is running`,
    data: {
      running: view.running,
      schedule: view.schedule,
      next: optionalMoment(view.nextRun, now),
      targets: view.targets.map((row) => target(row, now)),
      none: view.targets.length === 0,
      runs: view.runs.map((run, i) => runOf(run, i === 0, now)),
      failed,
      rollouts: rollouts.map((one) => shownRollout(one, now)),
    },
  };
}

const PROGRESS: Readonly<Record<NonNullable<ReleaseRow['progress']>['state'], string>> = {
  waiting: 'Waiting',
  fetching: 'Fetching',
  verifying: 'Verifying',
  published: 'Published',
  failed: 'Failed',
};

function target(row: ReleaseRow, now: number): object {
  const { progress } = row;
  return {
    name: row.target,
    slug: slug(row.target),
    profiles: row.profiles.map((name) => ({ name, href: profileHref(name) })),
    held: row.held,
    size: bytesText(row.shelves.reduce((sum, shelf) => sum + shelf.size, 0)),
    shelves: row.shelves.map((shelf) => ({
      shelf: shelf.shelf,
      version: shelf.version,
      size: bytesText(shelf.size),
      published: optionalMoment(shelf.publishedAt, now),
      verified: shelf.verified,
      byHand: shelf.byHand,
      kept: shelf.keptBecause,
      goes: shelf.keptBecause.length === 0,
    })),
    versions: row.shelves.map(({ version }) => version),
    canRollBack: row.shelves.length > 1 && row.profiles.length > 0,
    progress:
      progress === undefined
        ? undefined
        : {
            word: PROGRESS[progress.state],
            failed: progress.state === 'failed',
            version: progress.version,
            message: progress.message,
            bar:
              progress.size > 0 && (progress.state === 'fetching' || progress.state === 'verifying')
                ? {
                    received: Math.min(progress.received, progress.size),
                    size: progress.size,
                    text: `${bytesText(progress.received)} of ${bytesText(progress.size)}`,
                  }
                : undefined,
          },
  };
}

function runOf({ run, endedAt, failed, steps }: SyncRunView, open: boolean, now: number): object {
  const lines = steps.flatMap(({ at, event }) => {
    const said = syncLine(event);
    return said === undefined ? [] : [{ ...said, at: `+${durationText(at - run)}` }];
  });
  return {
    run: String(run),
    began: moment(run, now),
    took: endedAt === undefined ? undefined : durationText(endedAt - run),
    ok: endedAt !== undefined && failed === 0,
    failed: failed === 0 ? undefined : plural(failed, 'channel'),
    going: endedAt === undefined,
    open,
    steps: lines,
    outcome: endedAt === undefined ? `${plural(lines.length, 'step')} so far` : outcomeOf(steps),
  };
}

/** What changed, in a line. */
function outcomeOf(steps: SyncRunView['steps']): string {
  const count = (kind: string): number => steps.filter(({ event }) => event.kind === kind).length;
  const parts = [
    ...(count('published') > 0 ? [`${plural(count('published'), 'release')} published`] : []),
    ...(count('rewritten') > 0 ? [`${plural(count('rewritten'), 'profile')} updated`] : []),
    ...(count('removed') > 0 ? [`${plural(count('removed'), 'release')} removed`] : []),
  ];
  return parts.length === 0 ? 'nothing new' : parts.join(', ');
}

/** A step of a sync run in words; undefined for what is only a step on the way (bytes that came in). */
interface SyncLine {
  readonly word: string;
  readonly text: string;
  readonly bad: boolean;
}

export function syncLine(event: SyncEvent): SyncLine | undefined {
  switch (event.kind) {
    case 'plan':
      return line(
        'Plan',
        event.targets.length === 0
          ? 'no profile follows a channel'
          : event.targets.map(({ target }) => target).join(', '),
      );
    case 'found':
      return line('Found', `${event.target} ${event.version}, ${plural(event.files, 'file')}`);
    case 'download':
      return undefined;
    case 'retry':
      return line('Retry', `${event.target}: ${event.file} again in ${durationText(event.waitMs)}: ${event.why}`);
    case 'verified':
      return line('Verified', `${event.file} (${bytesText(event.size)}): ${event.by}`);
    case 'published':
      return line('Published', `images/${event.shelf}`);
    case 'rewritten':
      return line(
        'Updated',
        `profile ${event.profile} from ${event.from === '' ? 'no version' : event.from} to ${event.to}`,
      );
    case 'rollout':
      return line(
        'Rollout',
        `profile ${event.profile}: ${event.to} goes to its canaries first, ${event.from} to all others`,
      );
    case 'kept':
      return line('Left alone', `profile ${event.profile}: ${event.why}`);
    case 'note':
      return line('Note', `${event.target}: ${event.message}`);
    case 'failed':
      return { word: 'Failed', text: `${event.target}: ${event.message}`, bad: true };
    case 'removed':
      return line('Removed', `images/${event.shelf} (${bytesText(event.size)})`);
    case 'done':
      return line('Done', plural(event.report.targets.length, 'target'));
  }
}

function line(word: string, text: string): SyncLine {
  return { word, text, bad: false };
}

const WORDS: Readonly<Record<RolloutView['state'], string>> = {
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  'rolled-back': 'Rolled back',
  aborted: 'Aborted',
  done: 'Done',
};

/** What may be done in each state, the usual thing first. */
const ACTIONS: Readonly<Partial<Record<RolloutView['state'], readonly RolloutAction[]>>> = {
  running: ['pause', 'promote', 'abort'],
  paused: ['resume', 'promote', 'abort'],
  stopped: ['resume', 'promote', 'abort'],
};
const LABELS: Readonly<Record<RolloutAction, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  promote: 'Open the next wave',
  abort: 'Abort',
};

/** A rollout for the Releases page: its waves as a row of bars. */
function shownRollout(view: RolloutView, now: number): object {
  const { profile, from, to, state, why, stage, stages, since, opensAt, waitsFor, failures, waiting } = view;
  return {
    ...{ profile, slug: slug(profile), href: profileHref(profile), from, to, why },
    word: WORDS[state],
    bad: state === 'stopped' || state === 'rolled-back',
    good: state === 'done',
    going: state === 'running' || state === 'paused',
    since: moment(since, now),
    opens: optionalMoment(opensAt, now),
    waitsFor,
    stages: stages.map((one, index) => ({
      ...one,
      // Of what there is to see: a wave may also have machines that no node names.
      all: Math.max(1, one.nodes, one.booted),
      word: wordOf(index, stage, state),
      open: index <= stage,
      text: `${one.up} of ${Math.max(one.nodes, one.booted)} up${one.failed > 0 ? `, ${one.failed} failed` : ''}`,
    })),
    failures: failures.map((one) => ({ ...one, at: moment(one.at, now) })),
    waiting: waiting.join(', '),
    actions: (ACTIONS[state] ?? []).map((action) => ({ action, label: LABELS[action] })),
  };
}

function wordOf(index: number, stage: number, state: RolloutView['state']): string {
  if (index < stage || state === 'done') return 'open';
  if (index > stage) return 'not yet';
  return state === 'rolled-back' || state === 'aborted' ? 'ended here' : 'open now';
}

function actionIn(text: string): RolloutAction {
  const action = ROLLOUT_ACTIONS.find((one) => one === text);
  if (action !== undefined) return action;
  throw new Failure('invalid', `"action" must be one of ${ROLLOUT_ACTIONS.join(', ')}`);
}
