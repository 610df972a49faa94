import { durationText, plural } from '../../model/text.ts';
import type { HealthView } from '../../model/views.ts';
import { errorsFirst, problemItems, severityWords } from './format.ts';
import { attention, type Page, type PageDeps, type PageShow } from './page.ts';

export function mountHealthPage(show: PageShow, { adminService }: PageDeps): void {
  show.route('Health', '/dashboard/health', {
    get: async (req, res) => show.page(req, res, healthPage(await adminService.health())),
  });
}

export function healthPage(view: HealthView): Page {
  const count = attention(view);
  return {
    view: 'health',
    section: 'Health',
    live: ['machines', 'profiles', 'releases'],
    summary: count === 0 ? 'all is well' : `${plural(count, 'thing needs', 'things need')} attention`,
    data: {
      well: count === 0,
      diagnostics: errorsFirst(view.troubles).map(({ what, remedy, severity }) => ({
        ...severityWords(severity),
        message: what,
        place: undefined,
        remedy,
        href: undefined,
      })),
      problems: problemItems(view.problems),
      facts: [
        { name: 'Version', value: view.version },
        { name: 'Running for', value: durationText(view.uptimeSeconds * 1000) },
        ...view.facts,
      ],
    },
  };
}
