import type { HealthView } from '../../model/views.ts';
import { durationText, plural } from './format.ts';
import type { Page } from './pages.ts';
import { errorsFirst, problemItems, type ProblemItem } from './profile-pages.ts';

export function healthPage(view: HealthView): Page {
  const troubles: readonly ProblemItem[] = errorsFirst(view.troubles).map(({ what, remedy, severity }) => ({
    error: severity === 'error',
    word: severity === 'error' ? 'Error' : 'Warning',
    message: what,
    place: undefined,
    remedy,
    href: undefined,
  }));
  const problems = problemItems(view.problems);
  const count = attention(view);
  return {
    view: 'health',
    section: 'Health',
    live: ['machines', 'profiles', 'releases'],
    summary: count === 0 ? 'all is well' : plural(count, 'thing needs', 'things need') + ' attention',
    data: {
      well: count === 0,
      errors: [...troubles, ...problems].filter(({ error }) => error).length,
      troubles,
      problems,
      facts: [
        { name: 'Version', value: view.version },
        { name: 'Running for', value: durationText(view.uptimeSeconds * 1000) },
        ...view.facts,
      ],
    },
  };
}

/** How many things there are to do something about. */
export function attention({ problems, troubles }: Pick<HealthView, 'problems' | 'troubles'>): number {
  return problems.length + troubles.length;
}
