import { parseKey } from '../../model/machine.ts';
import type { ActivityPage, ActivityView } from '../../model/operator-views.ts';
import { queryText } from './form-fields.ts';
import { fileHref, machineHref, moment, slug, withQuery } from './format.ts';
import type { Page, PageDeps, PageShow } from './page.ts';
import { textDiff } from './text-diff.ts';

const PATH = '/dashboard/activity';
const ROWS_A_PAGE = 50;

/** What operators changed: who, when, from where, what. */
export function mountActivityPage(show: PageShow, { adminService }: PageDeps): void {
  show.route('Activity', PATH, {
    async get(req, res) {
      const after = queryText(req, 'after');
      const query = {
        who: queryText(req, 'who'),
        text: queryText(req, 'text'),
        // What is no number is no place to go on from: the first page.
        after: /^\d{1,15}$/.test(after ?? '') ? Number(after) : undefined,
      };
      const view = await adminService.activities({ ...query, limit: ROWS_A_PAGE });
      await show.page(req, res, activityPage(view, query, Date.now()));
    },
  });
}

interface Filters {
  readonly who?: string | undefined;
  readonly text?: string | undefined;
  readonly after?: number | undefined;
}

export function activityPage(view: ActivityPage, { who, text, after }: Filters, now: number): Page {
  const filtered = who !== undefined || text !== undefined;
  return {
    view: 'activity',
    section: 'Activity',
    // It stands still while it is read.
    live: [],
    data: {
      noJournal: view.noJournal,
      who: who ?? '',
      text: text ?? '',
      filtered,
      clear: PATH,
      rows: view.activities.map((one) => activityRow(one, now)),
      none: view.activities.length === 0,
      first: after === undefined ? undefined : withQuery(PATH, { who, text }),
      next: view.next === undefined ? undefined : withQuery(PATH, { who, text, after: view.next }),
    },
  };
}

function activityRow({ id, at, who, from, action, target, text, diff }: ActivityView, now: number): object {
  return {
    ...{ id, who, from, action, text, target },
    whoHref: withQuery(PATH, { who: userOf(who) }),
    at: moment(at, now),
    href: target === undefined ? undefined : targetHref(target),
    files: (diff ?? []).map(({ file, lines }) => ({
      ...{ file, slug: slug(file) },
      // Only the lines around a change were kept: all of them are shown.
      diff: textDiff(lines, lines.length),
    })),
  };
}

/** `anna (token ci)` is anna. */
function userOf(who: string): string {
  return who.replace(/ \(token .*\)$/s, '');
}

/** The page of the machine or the file that was changed. */
function targetHref(target: string): string | undefined {
  const key = parseKey(target);
  return fileHref(target) ?? (key && machineHref(key));
}
